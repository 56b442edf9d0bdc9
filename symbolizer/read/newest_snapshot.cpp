// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/read/newest_snapshot.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/read/box_snapshot.h"
#include "symbolizer/read/box_tables.h"
#include "symbolizer/read/recording_folder.h"

namespace silt::read {
namespace {

constexpr size_t kMostSkipNotes = 10;

class OwnedBytes : public ByteSource {
 public:
  explicit OwnedBytes(std::string bytes) : bytes_(std::move(bytes)) {}
  uint64_t size() const override { return bytes_.size(); }
  Result<std::string> read(uint64_t offset, uint64_t size) const override {
    return MemorySource(bytes_).read(offset, size);
  }

 private:
  std::string bytes_;
};

Result<NewestSnapshot> read_whole(SnapshotFile file, Snapshot snapshot, TablesReader& reader) {
  auto tables = reader.read(file, snapshot.path);
  if (!tables) return tables.error();
  Result<std::string> node_bytes = std::string();
  if (!file.has_own_numbers()) node_bytes = file.node_bytes();
  if (!node_bytes) return node_bytes.error();
  auto scripts = file.script_heaps();
  if (!scripts) return scripts.error();
  auto owners = file.owners();
  if (!owners) return owners.error();
  auto threads = file.threads();
  if (!threads) return threads.error();
  auto functions = file.runtime_functions();
  if (!functions) return functions.error();
  auto sampler = file.runtime_sampler();
  if (!sampler) return sampler.error();
  auto texts = file.texts();
  if (!texts) return texts.error();
  auto labels = file.labels();
  if (!labels) return labels.error();
  auto modules = file.modules();
  if (!modules) return modules.error();
  auto mappings = file.mappings();
  if (!mappings) return mappings.error();
  return NewestSnapshot{std::move(file),         std::move(*node_bytes), std::move(tables->nodes),
                        std::move(tables->rows), std::move(*scripts),    std::move(*owners),
                        std::move(*threads),     std::move(*functions),  *sampler,
                        std::move(*texts),       std::move(*labels),     std::move(*modules),
                        std::move(*mappings),    std::move(snapshot)};
}

}  // namespace

void SkippedFiles::add(const std::filesystem::path& path, const std::string& reason) {
  if (count_ == 0) first_ = in_quotes(path) + " " + reason;
  if (++count_ <= kMostSkipNotes) {
    notes_.push_back("skipped " + in_quotes(path) + ": it " + reason);
  }
}

std::vector<std::string> SkippedFiles::take_notes() {
  if (count_ > kMostSkipNotes) {
    notes_.push_back("skipped " + std::to_string(count_ - kMostSkipNotes) + " more snapshots");
  }
  return std::move(notes_);
}

namespace {

std::string impossible_modules(uint32_t count, const std::filesystem::path& path) {
  return "the figures of " + std::to_string(count) + " loaded " +
         (count == 1 ? "library" : "libraries") + " in " + in_quotes(path) +
         " are impossible: addresses of code there have no names";
}

// The box of a process that was killed, as a snapshot behind those beside it.
Result<SnapshotFile> open_box(const std::filesystem::path& path, const ByteSource& source) {
  auto tables = read_box_tables(source);
  if (!tables) return tables.error();
  std::optional<SnapshotFile> last;
  if (const auto files = snapshot_files(path.parent_path()); files && !files->empty()) {
    auto opened = open_snapshot(files->back());
    if (opened) last = std::move(*opened);
  }
  auto bytes = snapshot_of_box(*tables, last ? &*last : nullptr);
  if (!bytes) return bytes.error();
  return SnapshotFile::open(std::make_unique<OwnedBytes>(std::move(*bytes)));
}

}  // namespace

Result<SnapshotFile> open_snapshot(const std::filesystem::path& path) {
  auto source = FileSource::open(path);
  if (!source) return Error{"cannot be read: " + source.error().message};
  if (source->size() <= kLargestFile && source->is_mostly_holes()) {
    return Error{"is not a silt snapshot: most of it is holes"};
  }
  if (path.filename() == format::kBoxFileName) return open_box(path, *source);
  return SnapshotFile::open(std::make_unique<FileSource>(std::move(*source)));
}

Result<Snapshot> snapshot_of(SnapshotFile& file, const std::filesystem::path& path) {
  auto costs = file.costs();
  if (!costs) return costs.error();
  auto rss = file.rss();
  if (!rss) return rss.error();
  auto children = file.children();
  if (!children) return children.error();
  auto runtimes = file.runtimes();
  if (!runtimes) return runtimes.error();
  Snapshot snapshot;
  snapshot.runtimes = std::move(*runtimes);
  snapshot.path = path;
  snapshot.meta = file.meta();
  snapshot.meta.program = snapshot.meta.executable = snapshot.meta.command = 0;
  snapshot.meta.working_directory = snapshot.meta.allocator = 0;
  snapshot.costs = std::move(*costs);
  snapshot.rss = std::move(*rss);
  snapshot.children = std::move(*children);
  return snapshot;
}

std::vector<SnapshotHeader> read_headers(const std::vector<std::filesystem::path>& files,
                                         SkippedFiles& skipped) {
  std::vector<SnapshotHeader> headers;
  for (const auto& path : files) {
    auto file = open_snapshot(path);
    if (file) {
      headers.push_back({path, file->meta()});
    } else {
      skipped.add(path, file.error().message);
    }
  }
  std::stable_sort(headers.begin(), headers.end(),
                   [](const SnapshotHeader& a, const SnapshotHeader& b) {
                     return a.meta.sequence < b.meta.sequence;
                   });
  return headers;
}

std::optional<NewestSnapshot> take_newest(std::vector<SnapshotHeader>& headers,
                                          SkippedFiles& skipped, TablesReader& tables) {
  for (; !headers.empty(); headers.pop_back()) {
    const auto& path = headers.back().path;
    auto file = open_snapshot(path);
    if (!file) {
      skipped.add(path, file.error().message);
      continue;
    }
    auto snapshot = snapshot_of(*file, path);
    if (!snapshot) {
      skipped.add(path, snapshot.error().message);
      continue;
    }
    auto newest = read_whole(std::move(*file), std::move(*snapshot), tables);
    if (!newest) {
      skipped.add(path, newest.error().message);
      continue;
    }
    if (const uint32_t count = newest->file.impossible_modules(); count != 0) {
      skipped.add_note(impossible_modules(count, path));
    }
    headers.pop_back();
    return std::move(*newest);
  }
  return std::nullopt;
}

}  // namespace silt::read
