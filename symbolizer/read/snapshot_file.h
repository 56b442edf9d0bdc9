// SPDX-License-Identifier: Apache-2.0
//
// One snapshot file, section by section (interposer/format/snapshot.h). Opening checks header,
// section table and the Meta section only, so that thousands of files can be put in order cheaply;
// each other section is read, and its checksum compared, when it is asked for. Every value that
// leaves this class is in range by itself; what must fit between snapshots is recording.cpp's.

#ifndef SILT_SYMBOLIZER_READ_SNAPSHOT_FILE_H_
#define SILT_SYMBOLIZER_READ_SNAPSHOT_FILE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "interposer/format/changes.h"
#include "interposer/format/snapshot.h"
#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/result.h"
#include "symbolizer/read/owners.h"
#include "symbolizer/read/recording.h"
#include "symbolizer/read/runtime_stacks.h"
#include "symbolizer/read/threads.h"

namespace silt::read {

// Far above what any program needs, so that a hostile file costs memory in proportion to its own
// size and time in proportion to that.
// (2^24 stacks, the most that there are, with two generations each are half of the largest.)
inline constexpr uint64_t kLargestFile = uint64_t{1} << 30;
inline constexpr uint32_t kMostSections = 1024;
inline constexpr uint32_t kMostModules = 100'000;
inline constexpr uint32_t kMostMappings = 1'000'000;
inline constexpr uint32_t kDeepestStack = 16'384;
inline constexpr size_t kLongestText = 16'384;
inline constexpr size_t kTextBudget = size_t{64} << 20;  // all texts of a file together
inline constexpr uint32_t kMostManagedHeaps = 4096;
inline constexpr size_t kMostChildren = 4096;
inline constexpr size_t kMostLabels = 64;
inline constexpr uint32_t kMostRuntimes = 64;
inline constexpr size_t kMostThreads = 64;  // that are told apart

// Figures, and sums of figures over all stacks of a snapshot, stay within the signed range, so that
// differences downstream cannot overflow.
inline constexpr uint64_t kLargestFigure = INT64_MAX;
inline constexpr uint32_t kLastSequence = INT32_MAX;

// Rows of the stack section, with their generations in one array: row i has
// [generations_begin, next row's generations_begin).
struct StackRow {
  NodeId node = kRootNode;
  uint32_t generations_begin = 0;
  uint64_t live_blocks = 0;
  uint64_t live_bytes = 0;
  uint64_t allocated_blocks = 0;
  uint64_t allocated_bytes = 0;
};
struct StackRows {
  std::vector<StackRow> rows;  // ascending by node
  std::vector<GenerationCount> generations;
  bool own_numbers = false;  // its nodes are those of this snapshot alone
};

// Node 0 is the root. Depths are those of the stacks that end at a node.
struct NodeTable {
  ByNode<Node> nodes;
  ByNode<uint16_t> depths;
};

// The managed heaps of one snapshot; its nodes are numbered for themselves.
struct ScriptRow {
  uint32_t managed_heap = 0;
  uint32_t node = 0;
  uint32_t generations_begin = 0;
  uint64_t samples = 0;
  uint64_t live_blocks = 0;
  uint64_t live_bytes = 0;
};
struct ScriptNode {
  uint32_t parent = 0;
  uint32_t frame = 0;  // index into ScriptHeaps::frames
};
struct ScriptType {
  uint32_t managed_heap = 0;
  uint32_t node = 0;
  TypeCount count;
};
struct ScriptHeaps {
  std::vector<format::ManagedHeapEntry> managed_heaps;
  std::vector<ScriptFrame> frames;
  std::vector<ScriptNode> nodes;  // node 0 is the root and has no frame
  std::vector<ScriptRow> rows;    // ascending by heap and node
  std::vector<ScriptType> types;  // likewise
  std::vector<GenerationCount> generations;
};

struct Texts {
  std::string program;
  std::string executable;
  std::string command;
  std::string working_directory;
  std::string allocator;
};

class SnapshotFile {
 public:
  // Errors are reasons without the name of the source: the caller knows it.
  static Result<SnapshotFile> open(std::unique_ptr<ByteSource> source);

  const format::Meta& meta() const { return meta_; }
  uint32_t node_count() const;  // its base's included
  // Of a compact snapshot (format/changes.h): that without which it has no nodes and no rows.
  const std::optional<format::BaseEntry>& base() const { return base_; }
  // As others may name it as their base.
  format::BaseEntry identity() const;

  // The bytes of the node section, checked against their checksum, and what they mean; of a compact
  // snapshot those behind its base's, which must be in `table` already.
  Result<std::string> node_bytes() const;
  Result<bool> add_nodes(std::string_view node_bytes, NodeTable& table) const;
  Result<ByNode<Node>> nodes(std::string_view node_bytes) const;  // of one that is not compact
  // Whether the nodes are numbered for this snapshot alone, and only those that its rows need.
  bool has_own_numbers() const { return base_ || find(format::SectionType::kBirths) != nullptr; }

  Result<StackRows> stack_rows() const;  // of one that is not compact
  Result<StackRows> changed_rows(const StackRows& base) const;
  Result<Texts> texts();
  // Without those whose figures cannot be: code that lay there has no module. (Up to 0.1.0 threads
  // that unloaded libraries at the same time could leave such entries.)
  Result<std::vector<Module>> modules();
  // How many the last call of modules() left out.
  uint32_t impossible_modules() const { return impossible_modules_; }
  Result<std::vector<Mapping>> mappings();
  Result<std::vector<uint64_t>> costs() const;
  Result<std::vector<Snapshot::Rss>> rss() const;
  Result<std::vector<Child>> children() const;
  Result<std::vector<Label>> labels();
  Result<std::vector<Snapshot::Runtime>> runtimes();
  Result<std::vector<RuntimeFunction>> runtime_functions();
  // Start and end are both 0 where there is none.
  Result<format::RuntimeSamplerEntry> runtime_sampler() const;
  Result<ThreadRows> threads();  // empty where it is not known
  // Nothing where it was not asked for. Stacks are named by their nodes in this file.
  Result<std::optional<Owners>> owners() const;
  Result<ScriptHeaps> script_heaps();  // empty where no runtime has managed heaps

 private:
  SnapshotFile() = default;

  const format::SectionEntry* find(format::SectionType type) const;
  Result<bool> read_base();
  Result<bool> read_births(ByNode<Node>& nodes, size_t first) const;
  Result<std::string> bytes(format::SectionType type, size_t item_size) const;
  Result<std::string> text(format::StringRef reference);
  Result<std::vector<format::ManagedHeapEntry>> managed_heaps() const;
  Result<std::vector<ScriptFrame>> script_frames();
  Result<std::vector<ScriptNode>> script_nodes(size_t frames) const;
  Result<bool> read_script_rows(ScriptHeaps& heaps) const;
  Result<bool> read_script_types(ScriptHeaps& heaps);
  Result<bool> load_strings();
  Result<bool> read_owners_modules(Owners& owners) const;
  Result<bool> read_owners_roots(Owners& owners) const;
  Result<bool> read_owners_paths(Owners& owners) const;
  Result<bool> read_owners_rows(Owners& owners) const;
  Result<bool> read_owners_lost(Owners& owners) const;
  Result<bool> read_owners_labels(Owners& owners) const;
  Result<bool> read_owners_types(Owners& owners) const;

  std::unique_ptr<ByteSource> source_;
  uint32_t version_ = 0;
  std::optional<format::BaseEntry> base_;
  std::vector<format::SectionEntry> sections_;
  format::Meta meta_{};
  std::string strings_;
  bool strings_loaded_ = false;
  size_t text_budget_ = kTextBudget;
  uint32_t impossible_modules_ = 0;
};

}  // namespace silt::read

#endif  // SILT_SYMBOLIZER_READ_SNAPSHOT_FILE_H_
