// SPDX-License-Identifier: Apache-2.0
//
// The newest snapshot of a recording that can be read whole, to which the others are joined. Files
// that cannot be used are left out and said so; one good file is enough.

#ifndef SILT_SYMBOLIZER_READ_NEWEST_SNAPSHOT_H_
#define SILT_SYMBOLIZER_READ_NEWEST_SNAPSHOT_H_

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "symbolizer/base/result.h"
#include "symbolizer/read/recording.h"
#include "symbolizer/read/snapshot_file.h"
#include "symbolizer/read/snapshot_tables.h"

namespace silt::read {

struct SnapshotHeader {
  std::filesystem::path path;
  format::Meta meta{};
};

// Everything of the newest snapshot; its nodes stay as bytes too, for comparing prefixes.
struct NewestSnapshot {
  SnapshotFile file;
  std::string node_bytes;                  // empty where snapshots number their own
  std::shared_ptr<const NodeTable> nodes;  // as the file has them
  StackRows rows;
  ScriptHeaps scripts;
  std::optional<Owners> owners;
  ThreadRows threads;
  std::vector<RuntimeFunction> functions;
  format::RuntimeSamplerEntry sampler{};
  Texts texts;
  std::vector<Label> labels;
  std::vector<Module> modules;
  std::vector<Mapping> mappings;
  Snapshot snapshot;
};

// Files that were left out and why; after some, only how many.
class SkippedFiles {
 public:
  void add(const std::filesystem::path& path, const std::string& reason);
  // Of a file that was used: a sentence for the recording's notes.
  void add_note(std::string note) { notes_.push_back(std::move(note)); }
  // "'file' is …", of the first one.
  const std::string& first() const { return first_; }
  std::vector<std::string> take_notes();

 private:
  size_t count_ = 0;
  std::string first_;
  std::vector<std::string> notes_;
};

// Errors go on with what the file does: "cannot be read: …", "is …".
Result<SnapshotFile> open_snapshot(const std::filesystem::path& path);
Result<Snapshot> snapshot_of(SnapshotFile& file, const std::filesystem::path& path);

// Headers of all files that have one, ascending by sequence.
std::vector<SnapshotHeader> read_headers(const std::vector<std::filesystem::path>& files,
                                         SkippedFiles& skipped);

// The newest snapshot that can be read whole; its header and those of newer ones are dropped.
std::optional<NewestSnapshot> take_newest(std::vector<SnapshotHeader>& headers,
                                          SkippedFiles& skipped, TablesReader& tables);

}  // namespace silt::read

#endif  // SILT_SYMBOLIZER_READ_NEWEST_SNAPSHOT_H_
