// SPDX-License-Identifier: Apache-2.0
//
// Joins the snapshots of one process, the newest readable one, the reference, first. Where
// snapshots number their nodes for themselves they are joined by content. Others (of older
// versions) have a table that only grows: their nodes must be a prefix of the reference's, or they
// come from somewhere else. Only one older snapshot is in memory at a time.

#include "symbolizer/read/recording.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/read/recording_folder.h"
#include "symbolizer/read/runtime_stacks.h"
#include "symbolizer/read/script_join.h"
#include "symbolizer/read/snapshot_file.h"
#include "symbolizer/read/stack_join.h"

namespace silt::read {
namespace {

constexpr size_t kMostSkipNotes = 10;

struct Header {
  std::filesystem::path path;
  format::Meta meta{};
};

// Everything of the newest snapshot; its nodes stay as bytes too, for comparing prefixes.
struct Reference {
  SnapshotFile file;
  std::string node_bytes;
  std::vector<Node> nodes;  // as the file has them
  StackRows rows;
  ScriptHeaps scripts;
  std::optional<Owners> owners;
  std::vector<RuntimeFunction> functions;
  Texts texts;
  std::vector<Module> modules;
  std::vector<Mapping> mappings;
};

// Files that were left out and why; after some, only how many.
class Skipped {
 public:
  void add(const std::filesystem::path& path, const std::string& reason) {
    if (count_ == 0) first_ = in_quotes(path) + " " + reason;
    if (++count_ <= kMostSkipNotes)
      notes_.push_back("skipped " + in_quotes(path) + ": it " + reason);
  }
  const std::string& first() const { return first_; }
  std::vector<std::string> take() {
    if (count_ > kMostSkipNotes) {
      notes_.push_back("skipped " + std::to_string(count_ - kMostSkipNotes) + " more snapshots");
    }
    return std::move(notes_);
  }

 private:
  size_t count_ = 0;
  std::string first_;
  std::vector<std::string> notes_;
};

Result<SnapshotFile> open_file(const std::filesystem::path& path) {
  auto source = FileSource::open(path);
  if (!source) return Error{"cannot be read: " + source.error().message};
  if (source->size() <= kLargestFile && source->is_mostly_holes()) {
    return Error{"is not a silt snapshot: most of it is holes"};
  }
  return SnapshotFile::open(std::make_unique<FileSource>(std::move(*source)));
}

Result<Reference> read_reference(SnapshotFile file) {
  auto node_bytes = file.node_bytes();
  if (!node_bytes) return node_bytes.error();
  auto nodes = file.nodes(*node_bytes);
  if (!nodes) return nodes.error();
  auto rows = file.stack_rows();
  if (!rows) return rows.error();
  auto scripts = file.script_heaps();
  if (!scripts) return scripts.error();
  auto owners = file.owners();
  if (!owners) return owners.error();
  auto functions = file.runtime_functions();
  if (!functions) return functions.error();
  auto texts = file.texts();
  if (!texts) return texts.error();
  auto modules = file.modules();
  if (!modules) return modules.error();
  auto mappings = file.mappings();
  if (!mappings) return mappings.error();
  return Reference{std::move(file),       std::move(*node_bytes), std::move(*nodes),
                   std::move(*rows),      std::move(*scripts),    std::move(*owners),
                   std::move(*functions), std::move(*texts),      std::move(*modules),
                   std::move(*mappings)};
}

// Whether the older snapshot's nodes are the first of the reference's. A node that the older one
// shows without a pc was being made just then.
Result<bool> is_prefix(const SnapshotFile& older, const Reference& reference) {
  auto bytes = older.node_bytes();
  if (!bytes) return bytes.error();
  const uint32_t count = older.node_count();
  if (count >= reference.nodes.size()) return false;
  // Equal bytes with the right number of varints in them, two a node, are equal nodes.
  if (bytes->size() <= reference.node_bytes.size() &&
      std::memcmp(bytes->data(), reference.node_bytes.data(), bytes->size()) == 0 &&
      (bytes->empty() || static_cast<int8_t>(bytes->back()) >= 0)) {
    const auto ends = std::count_if(bytes->begin(), bytes->end(),
                                    [](char byte) { return static_cast<int8_t>(byte) >= 0; });
    if (static_cast<uint64_t>(ends) == uint64_t{count} * 2) return true;
  }
  const auto nodes = older.nodes(*bytes);
  if (!nodes) return nodes.error();
  return std::equal(nodes->begin(), nodes->end(), reference.nodes.begin(),
                    [](const Node& old, const Node& now) {
                      return old.pc == 0 || (old.pc == now.pc && old.parent == now.parent);
                    });
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

struct OlderSnapshot {
  Snapshot snapshot;
  std::vector<uint32_t> joined;  // see StackJoin::add
  StackRows rows;
  ScriptHeaps scripts;
  std::optional<Owners> owners;
};

// What the newest snapshot's nodes became, and what those of older ones do.
struct Joins {
  const std::vector<uint32_t>& newest;  // by node of its file
  WholeStackMaker& maker;
  StackJoin& stacks;
};

Result<std::vector<uint32_t>> join_nodes(const SnapshotFile& older, const Reference& reference,
                                         const Joins& joins) {
  if (!older.has_own_numbers()) {
    auto prefix = is_prefix(older, reference);
    if (!prefix) return prefix.error();
    if (!*prefix) return Error{"has other stacks than the snapshots after it"};
    return joins.newest;
  }
  auto bytes = older.node_bytes();
  if (!bytes) return bytes.error();
  auto nodes = older.nodes(*bytes);
  if (!nodes) return nodes.error();
  auto whole = joins.maker.make(*nodes);
  if (!whole) return whole.error();
  const auto joined = joins.stacks.join(whole->nodes);
  if (!joined) return Error{"has more stacks than fit beside the others'"};
  for (uint32_t& node : whole->whole) node = (*joined)[node];
  return std::move(whole->whole);
}

Result<OlderSnapshot> read_older(const Header& header, const Reference& reference,
                                 const Snapshot* before, const Joins& joins) {
  const format::Meta& newest = reference.file.meta();
  if (header.meta.pid != newest.pid || header.meta.start_realtime_ns != newest.start_realtime_ns) {
    return Error{"belongs to another process (" + std::to_string(header.meta.pid) + ", not " +
                 std::to_string(newest.pid) + ", or another start)"};
  }
  if (header.meta.sequence == newest.sequence ||
      (before != nullptr && header.meta.sequence == before->meta.sequence)) {
    return Error{"has the number of another snapshot (" + std::to_string(header.meta.sequence) +
                 ")"};
  }
  if (header.meta.elapsed_ns > newest.elapsed_ns ||
      (before != nullptr && header.meta.elapsed_ns < before->meta.elapsed_ns)) {
    return Error{"was not taken when its number says"};
  }
  auto file = open_file(header.path);
  if (!file) return file.error();
  auto joined = join_nodes(*file, reference, joins);
  if (!joined) return joined.error();
  auto rows = file->stack_rows();
  if (!rows) return rows.error();
  auto scripts = file->script_heaps();
  if (!scripts) return scripts.error();
  auto snapshot = snapshot_of(*file, header.path);
  if (!snapshot) return snapshot.error();
  auto owners = file->owners();
  if (!owners) return owners.error();
  return OlderSnapshot{std::move(*snapshot), std::move(*joined), std::move(*rows),
                       std::move(*scripts), std::move(*owners)};
}

// Keeps what the newest snapshot says that was asked, but nothing that says less than an older one.
// Nodes of the file become ids of stacks.
void take_owners(Recording& recording, std::optional<Owners> owners, uint32_t snapshot,
                 const std::vector<uint32_t>& joined, const StackJoin& stacks) {
  if (!owners || (recording.owners && recording.owners->found && !owners->found)) return;
  const auto id_of = [&](uint32_t node) { return node == 0 ? 0 : stacks.stack_id(joined[node]); };
  owners->snapshot = snapshot;
  for (OwnersRoot& root : owners->roots) {
    if (root.kind == format::RootKind::kMapping || root.kind == format::RootKind::kObject) {
      root.place = id_of(root.place);
    }
  }
  for (OwnersPath& path : owners->paths) path.stack = id_of(path.stack);
  for (OwnersRow& row : owners->rows) row.stack = id_of(row.stack);
  recording.owners = std::move(owners);
}

// Headers of all files that have one, ascending by sequence.
std::vector<Header> read_headers(const std::vector<std::filesystem::path>& files,
                                 Skipped& skipped) {
  std::vector<Header> headers;
  for (const auto& path : files) {
    auto file = open_file(path);
    if (file) {
      headers.push_back({path, file->meta()});
    } else {
      skipped.add(path, file.error().message);
    }
  }
  std::stable_sort(headers.begin(), headers.end(), [](const Header& a, const Header& b) {
    return a.meta.sequence < b.meta.sequence;
  });
  return headers;
}

// The newest snapshot that can be read whole; headers of newer ones are dropped.
std::optional<std::pair<Reference, Snapshot>> take_reference(std::vector<Header>& headers,
                                                             Skipped& skipped) {
  for (; !headers.empty(); headers.pop_back()) {
    const auto& path = headers.back().path;
    auto file = open_file(path);
    if (!file) {
      skipped.add(path, file.error().message);
      continue;
    }
    auto snapshot = snapshot_of(*file, path);
    if (!snapshot) {
      skipped.add(path, snapshot.error().message);
      continue;
    }
    auto reference = read_reference(std::move(*file));
    if (!reference) {
      skipped.add(path, reference.error().message);
      continue;
    }
    headers.pop_back();
    return std::pair{std::move(*reference), std::move(*snapshot)};
  }
  return std::nullopt;
}

Result<Recording> join(const std::filesystem::path& path,
                       const std::vector<std::filesystem::path>& files) {
  Skipped skipped;
  std::vector<Header> headers = read_headers(files, skipped);
  auto newest = take_reference(headers, skipped);
  if (!newest) return Error{"cannot use " + skipped.first()};
  auto& [reference, last] = *newest;
  WholeStackMaker maker(reference.functions, reference.modules);
  auto whole = maker.make(reference.nodes);
  if (!whole) return Error{"cannot use " + in_quotes(last.path) + ": it " + whole.error().message};

  Recording recording;
  recording.path = path;
  StackJoin stacks(std::move(whole->nodes), reference.modules);
  ScriptJoin scripts;
  for (const Header& header : headers) {
    const Snapshot* before = recording.snapshots.empty() ? nullptr : &recording.snapshots.back();
    const auto index = static_cast<uint32_t>(recording.snapshots.size());
    auto older = read_older(header, reference, before, {whole->whole, maker, stacks});
    if (older && !scripts.add(index, older->scripts)) {
      older = Error{"has more stacks of managed heaps than fit beside the others'"};
    }
    if (!older) {
      skipped.add(header.path, older.error().message);
      continue;
    }
    stacks.add(index, older->rows, older->joined);
    take_owners(recording, std::move(older->owners), index, older->joined, stacks);
    older->snapshot.managed_heaps = std::move(older->scripts.managed_heaps);
    recording.snapshots.push_back(std::move(older->snapshot));
  }
  const auto index = static_cast<uint32_t>(recording.snapshots.size());
  stacks.add(index, reference.rows, whole->whole);
  take_owners(recording, std::move(reference.owners), index, whole->whole, stacks);
  const bool fits = scripts.add(index, reference.scripts);
  last.managed_heaps = std::move(reference.scripts.managed_heaps);
  recording.snapshots.push_back(std::move(last));
  recording.stacks = stacks.take_stacks();

  recording.nodes = stacks.take_nodes();
  recording.script_frames = maker.take_frames();
  scripts.take(recording);
  recording.modules = std::move(reference.modules);
  recording.mappings = std::move(reference.mappings);
  recording.program = std::move(reference.texts.program);
  recording.executable = std::move(reference.texts.executable);
  recording.command = std::move(reference.texts.command);
  recording.working_directory = std::move(reference.texts.working_directory);
  recording.allocator = std::move(reference.texts.allocator);
  recording.jit_map =
      find_jit_map(recording.snapshots.back().path.parent_path(), reference.file.meta().pid);
  recording.notes = skipped.take();
  auto growth = read_heap_growth(recording.snapshots.back().path.parent_path());
  if (growth) {
    recording.heap_growth = std::move(*growth);
  } else {
    recording.notes.push_back("skipped " + in_quotes(std::string(kHeapGrowthName)) + ": " +
                              growth.error().message);
  }
  if (!fits)
    recording.notes.push_back("the stacks of managed heaps of the newest snapshot are too many");
  return recording;
}

}  // namespace

std::vector<uint64_t> Recording::frames(const Stack& stack) const {
  std::vector<uint64_t> pcs;
  for (uint32_t node = stack.leaf; node != 0; node = nodes[node].parent) {
    if (nodes[node].pc >= format::kFirstRealPc) pcs.push_back(nodes[node].pc);
  }
  return pcs;
}

Result<Recording> read_recording(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) {
    return Error{"cannot read " + in_quotes(path) + ": no such file or folder"};
  }
  if (error) return Error{"cannot read " + in_quotes(path) + ": " + errno_text(error.value())};
  if (!std::filesystem::is_directory(status)) return join(path, {path});
  auto files = snapshot_files(path);
  if (!files) return files.error();
  if (files->empty()) {
    return Error{"cannot use " + in_quotes(path) +
                 ": there is no snapshot (NNN.silt) in this folder"};
  }
  return join(path, *files);
}

Result<Recording> read_snapshots(const std::vector<std::filesystem::path>& files) {
  if (files.empty()) return Error{"no snapshot files were given"};
  return join(files.size() == 1 ? files.front() : files.front().parent_path(), files);
}

}  // namespace silt::read
