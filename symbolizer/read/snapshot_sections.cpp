// SPDX-License-Identifier: Apache-2.0
//
// What the bytes of each section mean, and whether they can be true.

#include <algorithm>
#include <cstring>
#include <utility>

#include "symbolizer/base/cursor.h"
#include "symbolizer/read/section_items.h"
#include "symbolizer/read/snapshot_file.h"

namespace silt::read {
namespace {

using format::SectionType;

// One row; generations are appended to `out` and summed up in `row`.
bool read_row(Cursor& cursor, StackRow& row, std::vector<GenerationCount>& out) {
  row.allocated_blocks = cursor.varint();
  row.allocated_bytes = cursor.varint();
  const uint64_t count = cursor.varint();
  if (!cursor.ok() || count > 256) return false;
  uint64_t next_code = 0;
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t code = cursor.varint();
    const uint64_t blocks = cursor.varint();
    const uint64_t bytes = cursor.varint();
    if (!cursor.ok() || code < next_code || code > 255) return false;
    next_code = code + 1;
    if (!add_within(row.live_blocks, blocks, kLargestFigure) ||
        !add_within(row.live_bytes, bytes, kLargestFigure)) {
      return false;
    }
    if (blocks != 0 || bytes != 0) out.push_back({static_cast<uint8_t>(code), blocks, bytes});
  }
  return true;
}

// As the file has it, where that means something; else some address in the lower half.
uint64_t known_pc(uint64_t pc) {
  switch (pc & format::kPcTagMask) {
    case format::kPcFunction:
    case format::kPcPair:
    case format::kPcEvaluator:
      return pc;
    default:
      return pc < kScriptPc ? pc : (pc - kScriptPc) | format::kFirstRealPc;
  }
}

}  // namespace

Result<std::string> SnapshotFile::node_bytes() const {
  auto result = bytes(base_ ? SectionType::kMoreNodes : SectionType::kNodes, 0);
  if (!result) return result;
  const uint32_t count = node_count() - (base_ ? base_->nodes : 0);
  if (result->size() / 2 < count) return corrupt("it has fewer nodes than it says");
  return result;
}

Result<bool> SnapshotFile::add_nodes(std::string_view node_bytes, NodeTable& table) const {
  const uint32_t count = node_count();
  const size_t first = base_ ? size_t{base_->nodes} + 1 : 1;
  Cursor cursor(node_bytes);
  ByNode<Node>& nodes = table.nodes;
  ByNode<uint16_t>& depths = table.depths;
  if (!base_) {
    nodes.clear();
    depths.clear();
    nodes.push_back({});
    depths.push_back(0);
  }
  if (nodes.size() != first) return corrupt("it is told by another snapshot than its base");
  nodes.reserve(size_t{count} + 1);
  depths.reserve(size_t{count} + 1);
  uint64_t pc = 0;
  for (uint64_t id = first; id <= count; ++id) {
    const uint64_t distance = cursor.varint();
    pc += unzigzag(cursor.varint());
    if (!cursor.ok()) return corrupt("its nodes end too early");
    if (distance == 0 || distance > id) return corrupt("a node's parent is not older than it");
    const NodeId parent{static_cast<uint32_t>(id - distance)};
    if (depths[parent] >= kDeepestStack) {
      return corrupt("a stack is deeper than " + std::to_string(kDeepestStack) + " frames");
    }
    // No code of a process lies in the upper half, where frames of runtimes are.
    nodes.push_back({parent, known_pc(pc)});
    depths.push_back(static_cast<uint16_t>(depths[parent] + 1));
  }
  if (!cursor.at_end()) return corrupt("it has more nodes than it says");
  return read_births(nodes, first);
}

Result<ByNode<Node>> SnapshotFile::nodes(std::string_view node_bytes) const {
  NodeTable table;
  auto read = add_nodes(node_bytes, table);
  if (!read) return read.error();
  return std::move(table.nodes);
}

Result<bool> SnapshotFile::read_births(ByNode<Node>& nodes, size_t first) const {
  if (!has_own_numbers()) return false;
  auto section = bytes(base_ ? SectionType::kMoreBirths : SectionType::kBirths, 0);
  if (!section) return section.error();
  Cursor cursor(*section);
  uint64_t birth = 0;
  for (auto id = static_cast<uint32_t>(first); id < nodes.size();) {
    const uint64_t run = cursor.varint();
    birth += unzigzag(cursor.varint());
    if (!cursor.ok() || run == 0 || run > nodes.size() - id || birth == 0 ||
        birth > UINT32_MAX - run) {
      return corrupt("the births of its nodes are impossible");
    }
    for (const uint64_t end = id + run; id < end; ++id) {
      nodes[NodeId{id}].birth = static_cast<uint32_t>(birth++);
    }
  }
  if (!cursor.at_end()) return corrupt("it has more births than nodes");
  return true;
}

Result<StackRows> SnapshotFile::stack_rows() const {
  auto section = bytes(SectionType::kStacks, 0);
  if (!section) return section.error();
  const uint32_t count = find(SectionType::kStacks)->count;
  if (section->size() / 4 < count) return corrupt("it has fewer stacks than it says");
  Cursor cursor(*section);
  StackRows result;
  result.rows.reserve(count);
  uint64_t node = 0;
  StackRow sums;
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t distance = cursor.varint();
    if (distance == 0 || distance > node_count() - node) {
      return corrupt("a stack has no node, or is not in order");
    }
    node += distance;
    StackRow row;
    row.node = NodeId{static_cast<uint32_t>(node)};
    row.generations_begin = static_cast<uint32_t>(result.generations.size());
    if (!read_row(cursor, row, result.generations)) {
      return corrupt("the figures of stack " + std::to_string(node) + " are impossible");
    }
    if (!add_within(sums.live_blocks, row.live_blocks, kLargestFigure) ||
        !add_within(sums.live_bytes, row.live_bytes, kLargestFigure) ||
        !add_within(sums.allocated_blocks, row.allocated_blocks, kLargestFigure) ||
        !add_within(sums.allocated_bytes, row.allocated_bytes, kLargestFigure)) {
      return corrupt("the sum over its stacks is too large");
    }
    result.rows.push_back(row);
  }
  if (!cursor.at_end()) return corrupt("it has more stacks than it says");
  result.own_numbers = has_own_numbers();
  return result;
}

Result<bool> SnapshotFile::load_strings() {
  if (strings_loaded_) return true;
  auto section = bytes(SectionType::kStrings, 0);
  if (!section) return section.error();
  if (!section->empty() && section->back() != '\0') return corrupt("its last text has no end");
  if (!section->empty() && section->front() != '\0') return corrupt("its first text is not empty");
  strings_ = std::move(*section);
  strings_loaded_ = true;
  return true;
}

Result<std::string> SnapshotFile::text(format::StringRef reference) {
  auto loaded = load_strings();
  if (!loaded) return loaded.error();
  if (reference == 0) return std::string();
  if (reference >= strings_.size()) return corrupt("a text lies outside its section");
  // The section ends in NUL, so every text in it has an end.
  const std::string_view found(strings_.c_str() + reference);
  if (found.size() > kLongestText) return corrupt("a text is too long");
  if (found.size() > text_budget_) return corrupt("its texts are too long together");
  text_budget_ -= found.size();
  return std::string(found);
}

Result<Texts> SnapshotFile::texts() {
  Texts texts;
  const std::pair<format::StringRef, std::string*> wanted[] = {
      {meta_.program, &texts.program},     {meta_.executable, &texts.executable},
      {meta_.command, &texts.command},     {meta_.working_directory, &texts.working_directory},
      {meta_.allocator, &texts.allocator},
  };
  for (const auto& [reference, out] : wanted) {
    auto found = text(reference);
    if (!found) return found.error();
    *out = std::move(*found);
  }
  return texts;
}

Result<std::vector<Module>> SnapshotFile::modules() {
  auto section = bytes(SectionType::kModules, sizeof(format::ModuleEntry));
  if (!section) return section.error();
  if (section->size() / sizeof(format::ModuleEntry) > kMostModules) {
    return corrupt("it has more modules than any program");
  }
  std::vector<Module> modules;
  impossible_modules_ = 0;
  for (const auto& entry : items_of<format::ModuleEntry>(*section)) {
    if (entry.start >= entry.end || entry.first_node > entry.end_node ||
        entry.build_id_size > sizeof(entry.build_id)) {
      ++impossible_modules_;
      continue;
    }
    auto path = text(entry.path);
    if (!path) return path.error();
    Module module;
    module.start = entry.start;
    module.end = entry.end;
    module.load_bias = entry.load_bias;
    module.first_node = entry.first_node;
    module.end_node = entry.end_node;
    module.path = std::move(*path);
    module.build_id.assign(entry.build_id, entry.build_id + entry.build_id_size);
    module.main = (entry.flags & format::kModuleMain) != 0;
    module.unloaded = (entry.flags & format::kModuleUnloaded) != 0;
    modules.push_back(std::move(module));
  }
  return modules;
}

Result<std::vector<Mapping>> SnapshotFile::mappings() {
  auto section = bytes(SectionType::kMappings, sizeof(format::MappingEntry));
  if (!section) return section.error();
  if (section->size() / sizeof(format::MappingEntry) > kMostMappings) {
    return corrupt("it has more mappings than any process");
  }
  std::vector<Mapping> mappings;
  for (const auto& entry : items_of<format::MappingEntry>(*section)) {
    auto path = text(entry.path);
    if (!path) return path.error();
    mappings.push_back({entry.start, entry.end, entry.file_offset, std::move(*path)});
  }
  std::sort(mappings.begin(), mappings.end(),
            [](const Mapping& a, const Mapping& b) { return a.start < b.start; });
  uint64_t end = 0;
  for (const Mapping& mapping : mappings) {
    if (mapping.start >= mapping.end || mapping.start < end) {
      return corrupt("two of its mappings overlap, or one is empty");
    }
    end = mapping.end;
  }
  return mappings;
}

Result<std::vector<uint64_t>> SnapshotFile::costs() const {
  auto section = bytes(SectionType::kCosts, sizeof(format::CostEntry));
  if (!section) return section.error();
  std::vector<uint64_t> costs(format::kCostCount + 1);
  for (const auto& entry : items_of<format::CostEntry>(*section)) {
    if (entry.value > kLargestFigure) return corrupt("the figures of its costs are impossible");
    if (entry.id >= 1 && entry.id <= format::kCostCount) costs[entry.id] = entry.value;
  }
  return costs;
}

Result<std::vector<Snapshot::Rss>> SnapshotFile::rss() const {
  auto section = bytes(SectionType::kRss, sizeof(format::RssEntry));
  if (!section) return section.error();
  std::vector<Snapshot::Rss> rss;
  for (const auto& entry : items_of<format::RssEntry>(*section)) {
    if (entry.bytes > kLargestFigure)
      return corrupt("the figures of its resident memory are impossible");
    if (entry.kind >= 1 && entry.kind <= static_cast<uint32_t>(format::RssKind::kWebAssembly) &&
        rss.size() < 256) {
      rss.push_back({static_cast<format::RssKind>(entry.kind), entry.bytes});
    }
  }
  return rss;
}

Result<std::vector<Child>> SnapshotFile::children() const {
  if (find(SectionType::kChildren) == nullptr) return std::vector<Child>();
  auto section = bytes(SectionType::kChildren, sizeof(format::ChildEntry));
  if (!section) return section.error();
  std::vector<Child> children;
  for (const auto& entry : items_of<format::ChildEntry>(*section)) {
    if (children.size() == kMostChildren) return corrupt("it has more children than any program");
    if (entry.age_ns > kLargestFigure) return corrupt("the ages of its children are impossible");
    const std::string_view name(entry.name, sizeof(entry.name));
    children.push_back({entry.pid, static_cast<double>(entry.age_ns) / 1e9,
                        std::string(name.substr(0, name.find('\0')))});
  }
  return children;
}

}  // namespace silt::read
