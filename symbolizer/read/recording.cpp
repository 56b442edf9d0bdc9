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

#include "symbolizer/base/quote.h"
#include "symbolizer/read/births.h"
#include "symbolizer/read/box_tables.h"
#include "symbolizer/read/newest_snapshot.h"
#include "symbolizer/read/parsed_ahead.h"
#include "symbolizer/read/recording_folder.h"
#include "symbolizer/read/runtime_stacks.h"
#include "symbolizer/read/sampler_stacks.h"
#include "symbolizer/read/script_join.h"
#include "symbolizer/read/snapshot_tables.h"
#include "symbolizer/read/stack_join.h"
#include "symbolizer/read/stack_nodes.h"

namespace silt::read {
namespace {

// Whether the older snapshot's nodes are the first of the reference's. A node that the older one
// shows without a pc was being made just then.
Result<bool> is_prefix(const SnapshotFile& older, const NewestSnapshot& reference) {
  auto bytes = older.node_bytes();
  if (!bytes) return bytes.error();
  const uint32_t count = older.node_count();
  if (count >= reference.nodes->nodes.size()) return false;
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
  return std::equal(nodes->begin(), nodes->end(), reference.nodes->nodes.begin(),
                    [](const Node& old, const Node& now) {
                      return old.pc == 0 || (old.pc == now.pc && old.parent == now.parent);
                    });
}

struct OlderSnapshot {
  Snapshot snapshot;
  std::shared_ptr<const ByNode<NodeId>> joined;  // see StackJoin::add
  StackRows rows;
  ScriptHeaps scripts;
  std::optional<Owners> owners;
  ThreadRows threads;
};

// What the newest snapshot's nodes became, and what those of older ones do.
struct Joins {
  const ByNode<NodeId>& newest;  // by node of its file
  WholeStackMaker& maker;
  StackJoin& stacks;
  // Of the snapshot before, which the next mostly shares its nodes with.
  std::shared_ptr<const NodeTable> last;
  std::shared_ptr<const ByNode<NodeId>> joined;
};

Result<bool> join_nodes(const SnapshotFile& older, const std::shared_ptr<const NodeTable>& nodes,
                        const NewestSnapshot& reference, Joins& joins) {
  if (!older.has_own_numbers()) {
    auto prefix = is_prefix(older, reference);
    if (!prefix) return prefix.error();
    if (!*prefix) return Error{"has other stacks than the snapshots after it"};
    joins.joined = std::make_shared<const ByNode<NodeId>>(joins.newest);
    joins.last = nullptr;
    return true;
  }
  if (nodes == joins.last) return true;
  auto whole = joins.maker.make(nodes->nodes);
  if (!whole) return whole.error();
  const auto joined = joins.stacks.join(whole->nodes);
  if (!joined) return Error{"has too many stacks beside those of the other snapshots"};
  for (NodeId& node : whole->whole) node = (*joined)[node];
  joins.joined = std::make_shared<const ByNode<NodeId>>(std::move(whole->whole));
  joins.last = nodes;
  return true;
}

Result<OlderSnapshot> read_older(const SnapshotHeader& header, const NewestSnapshot& reference,
                                 const Snapshot* before, Joins& joins,
                                 Result<ParsedSnapshot> parsed) {
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
    return Error{"is out of order: its time does not fit its number"};
  }
  if (!parsed) return parsed.error();
  auto joined = join_nodes(parsed->file, parsed->tables.nodes, reference, joins);
  if (!joined) return joined.error();
  return OlderSnapshot{std::move(parsed->snapshot),    joins.joined,
                       std::move(parsed->tables.rows), std::move(parsed->scripts),
                       std::move(parsed->owners),      std::move(parsed->threads)};
}

// Keeps what the newest snapshot says that was asked, but nothing that says less than an older one.
// Nodes of the file become ids of stacks.
void take_owners(Recording& recording, std::optional<Owners> owners, uint32_t snapshot,
                 const ByNode<NodeId>& joined, const StackJoin& stacks) {
  if (!owners || (recording.owners && recording.owners->found && !owners->found)) return;
  const auto id_of = [&](uint32_t node) {
    return node == 0 ? 0 : number_of(stacks.stack_id(joined[NodeId{node}]));
  };
  owners->snapshot = snapshot;
  for (OwnersRoot& root : owners->roots) {
    if (root.kind == format::RootKind::kMapping || root.kind == format::RootKind::kObject) {
      root.place = id_of(root.place);
    }
  }
  for (OwnersPath& path : owners->paths) path.stack = id_of(path.stack);
  for (OwnersRow& row : owners->rows) row.stack = id_of(row.stack);
  for (OwnersType& type : owners->types) type.stack = id_of(type.stack);
  recording.owners = std::move(owners);
}

std::vector<bool> births_of(const std::vector<SnapshotHeader>& headers,
                            const format::Meta& newest) {
  std::vector<const format::Meta*> metas;
  for (const SnapshotHeader& header : headers) metas.push_back(&header.meta);
  metas.push_back(&newest);
  return snapshots_with_births(metas);
}

void add_box_notes(Recording& recording, const ByNode<Node>& nodes) {
  for (std::string& note : box_notes(recording.snapshots.back().path)) {
    recording.notes.push_back(std::move(note));
  }
  const bool other_languages = std::any_of(nodes.begin(), nodes.end(), [](const Node& node) {
    return (node.pc & format::kPcTagMask) == format::kPcFunction;
  });
  if (other_languages) {
    recording.notes.push_back(
        "a black box has no names of Python's functions: they are those of the snapshot before "
        "it, and younger ones have none");
  }
}

// A small file beside the snapshots.
template <typename Content>
void take_beside(Content& to, Result<Content> content, const char* name, Recording& recording) {
  if (content) {
    to = std::move(*content);
  } else {
    recording.notes.push_back("skipped " + in_quotes(std::string(name)) + ": " +
                              content.error().message);
  }
}

Result<Recording> join(const std::filesystem::path& path,
                       const std::vector<std::filesystem::path>& files) {
  SkippedFiles skipped;
  std::vector<SnapshotHeader> headers = read_headers(files, skipped);
  TablesReader tables;
  auto newest = take_newest(headers, skipped, tables);
  if (!newest) return Error{skipped.first()};
  NewestSnapshot& reference = *newest;
  Snapshot& last = reference.snapshot;
  WholeStackMaker maker(reference.functions, reference.modules);
  auto whole = maker.make(reference.nodes->nodes);
  if (!whole) return Error{"cannot use " + in_quotes(last.path) + ": it " + whole.error().message};

  Recording recording;
  recording.path = path;
  StackJoin stacks(std::move(whole->nodes), reference.modules);
  ScriptJoin scripts;
  Joins joins{whole->whole, maker, stacks, nullptr, nullptr};
  ParsedAhead ahead(headers, tables);
  stacks.expect(static_cast<uint32_t>(headers.size() + 1));
  const std::vector<bool> with_births = births_of(headers, last.meta);
  for (size_t i = 0; i < headers.size(); ++i) {
    const SnapshotHeader& header = headers[i];
    const Snapshot* before = recording.snapshots.empty() ? nullptr : &recording.snapshots.back();
    const auto index = static_cast<uint32_t>(recording.snapshots.size());
    auto older = read_older(header, reference, before, joins, ahead.take(i));
    if (older && !scripts.add(index, older->scripts)) {
      older = Error{"has too many stacks of managed heaps beside those of the other snapshots"};
    }
    if (!older) {
      skipped.add(header.path, older.error().message);
      continue;
    }
    stacks.add(index, older->rows, *older->joined, with_births[i]);
    stacks.add_threads(index, older->threads, older->rows, *older->joined);
    older->snapshot.has_births = with_births[i];
    take_owners(recording, std::move(older->owners), index, *older->joined, stacks);
    older->snapshot.managed_heaps = std::move(older->scripts.managed_heaps);
    recording.snapshots.push_back(std::move(older->snapshot));
  }
  const auto index = static_cast<uint32_t>(recording.snapshots.size());
  stacks.add(index, reference.rows, whole->whole);
  stacks.add_threads(index, reference.threads, reference.rows, whole->whole);
  take_owners(recording, std::move(reference.owners), index, whole->whole, stacks);
  const bool fits = scripts.add(index, reference.scripts);
  last.managed_heaps = std::move(reference.scripts.managed_heaps);
  recording.snapshots.push_back(std::move(last));
  recording.stacks = stacks.take_stacks();
  recording.threads = stacks.take_threads();

  recording.nodes = stacks.take_nodes();
  recording.script_frames = maker.take_frames();
  scripts.take(recording);
  if (reference.sampler.end != 0) {
    take_sampler_stacks(recording, reference.sampler.start, reference.sampler.end, false);
  }
  recording.modules = std::move(reference.modules);
  recording.mappings = std::move(reference.mappings);
  recording.labels = std::move(reference.labels);
  recording.program = std::move(reference.texts.program);
  recording.executable = std::move(reference.texts.executable);
  recording.command = std::move(reference.texts.command);
  recording.working_directory = std::move(reference.texts.working_directory);
  recording.allocator = std::move(reference.texts.allocator);
  recording.jit_map =
      find_jit_map(recording.snapshots.back().path.parent_path(), reference.file.meta().pid);
  recording.notes = skipped.take_notes();
  if (recording.snapshots.back().path.filename() == format::kBoxFileName) {
    add_box_notes(recording, reference.nodes->nodes);
  }
  const std::filesystem::path folder = recording.snapshots.back().path.parent_path();
  take_beside(recording.heap_growth, read_heap_growth(folder), kHeapGrowthName, recording);
  take_beside(recording.class_census, read_class_census(folder), kClassCensusName, recording);
  if (!fits)
    recording.notes.push_back(
        "the newest snapshot has too many stacks of managed heaps: they were left out");
  return recording;
}

}  // namespace

std::string_view runtime_of_heaps(const Snapshot& snapshot) {
  if (snapshot.managed_heaps.empty()) return "";
  const uint32_t runtime = snapshot.managed_heaps.front().runtime;
  return runtime < snapshot.runtimes.size() ? std::string_view(snapshot.runtimes[runtime].name)
                                            : std::string_view();
}

std::string_view Recording::runtime_of_heaps() const {
  for (const Snapshot& snapshot : snapshots) {
    const std::string_view name = read::runtime_of_heaps(snapshot);
    if (!name.empty()) return name;
  }
  return "";
}

std::vector<uint64_t> Recording::frames(const Stack& stack) const {
  std::vector<uint64_t> pcs;
  for (const NodeId node : StackNodes(*this, stack)) pcs.push_back(nodes[node].pc);
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
  const auto box = find_box(path);
  if (!box.empty() && box_has_last_picture(box)) files->push_back(box);
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
