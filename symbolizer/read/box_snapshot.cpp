// SPDX-License-Identifier: Apache-2.0
//
// See the header. Nodes get numbers as snapshot/node_numbers.h gives them: callers first.

#include "symbolizer/read/box_snapshot.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <utility>
#include <vector>

#include "symbolizer/read/box_threads.h"
#include "symbolizer/read/snapshot_bytes.h"

namespace silt::read {
namespace {

using format::SectionType;

constexpr bool is_pair(uint64_t pc) { return (pc & format::kPcTagMask) == format::kPcPair; }
constexpr uint32_t native_of(uint64_t pc) { return static_cast<uint32_t>(pc); }

// Numbers from 1 without gaps; nodes that a hostile file has in a circle, too deep, or without
// callers get none, and no more do those that they call.
class Numbers {
 public:
  explicit Numbers(const BoxTables& tables) : tables_(tables) {}

  // 0: it gets none.
  uint32_t number(uint32_t id) { return give(id, true); }
  const std::vector<uint32_t>& order() const { return order_; }  // ids by number - 1

 private:
  static constexpr uint32_t kNone = 0;

  uint32_t give(uint32_t id, bool may_be_pair) {
    std::vector<uint32_t> way;  // innermost first
    uint32_t at = id;
    bool complete = true;
    for (; at != 0; at = tables_.node(at)->parent) {
      const auto known = numbers_.find(at);
      if (known != numbers_.end()) {
        complete = known->second != kNone;
        break;
      }
      if (!tables_.node(at) || way.size() >= kDeepestStack) {
        complete = false;
        break;
      }
      numbers_[at] = kNone;  // until it has one: a circle ends here
      way.push_back(at);
    }
    for (; !way.empty() && complete; way.pop_back()) {
      const uint64_t pc = tables_.node(way.back())->pc;
      // A native stack has no pairs of its own.
      if (is_pair(pc) && native_of(pc) != 0) {
        if (!may_be_pair || give(native_of(pc), false) == kNone) break;
      }
      order_.push_back(way.back());
      numbers_[way.back()] = static_cast<uint32_t>(order_.size());
    }
    const auto found = numbers_.find(id);
    return found == numbers_.end() ? kNone : found->second;
  }

  const BoxTables& tables_;
  std::unordered_map<uint32_t, uint32_t> numbers_;
  std::vector<uint32_t> order_;
};

std::string write_nodes(const BoxTables& tables, Numbers& numbers) {
  std::string out;
  uint64_t previous = 0;
  const std::vector<uint32_t> order = numbers.order();
  for (uint32_t number = 1; number <= order.size(); ++number) {
    const format::BoxNode node = *tables.node(order[number - 1]);
    uint64_t pc = node.pc;
    if (is_pair(pc)) {
      const uint32_t native = native_of(pc);
      pc = (pc & ~uint64_t{UINT32_MAX}) | (native == 0 ? 0 : numbers.number(native));
    }
    add_varint(out, number - (node.parent == 0 ? 0 : numbers.number(node.parent)));
    add_signed_varint(out, static_cast<int64_t>(pc - previous));
    previous = pc;
  }
  return out;
}

// A run for each node: what is read once needs no shorter form.
std::string write_births(const BoxTables& tables, const Numbers& numbers) {
  std::string out;
  int64_t last = 0;
  for (const uint32_t id : numbers.order()) {
    const int64_t birth = tables.birth(id);
    add_varint(out, 1);
    add_signed_varint(out, birth - last);
    last = birth + 1;
  }
  return out;
}

struct Row {
  BoxCount allocated;
  std::vector<std::pair<uint8_t, BoxCount>> live;
};

// By number of their node, ascending.
std::map<uint32_t, Row> rows_of(const BoxTables& tables, Numbers& numbers) {
  std::map<uint32_t, Row> rows;
  for (const auto& [stack, count] : tables.allocated) {
    // What was just being moved from one stack to another may look like less than nothing.
    if (count.blocks == 0 || count.blocks > kLargestFigure || count.bytes > kLargestFigure)
      continue;
    if (const uint32_t number = numbers.number(stack)) rows[number].allocated = count;
  }
  for (const auto& [key, count] : tables.live) {
    if (const uint32_t number = numbers.number(static_cast<uint32_t>(key >> 8))) {
      rows[number].live.emplace_back(static_cast<uint8_t>(key), count);
    }
  }
  return rows;
}

void add_to(format::HeapTotals& totals, const BoxCount& allocated, const BoxCount& live) {
  totals.allocated_blocks += allocated.blocks;
  totals.allocated_bytes += allocated.bytes;
  totals.live_blocks += live.blocks;
  totals.live_bytes += live.bytes;
}

bool can_be(const format::HeapTotals& totals) {
  return std::max({totals.allocated_blocks, totals.allocated_bytes, totals.live_blocks,
                   totals.live_bytes}) <= kLargestFigure;
}

struct Totals {
  format::HeapTotals native{};
  format::HeapTotals mapping{};
  format::HeapTotals objects{};
};

// False when the sums are no process's.
bool write_stacks(const BoxTables& tables, Numbers& numbers, Sections& sections, Totals& totals) {
  std::string out;
  uint32_t previous = 0;
  const auto rows = rows_of(tables, numbers);
  for (const auto& [number, row] : rows) {
    BoxCount live;
    for (const auto& [generation, count] : row.live) {
      if (count.blocks > kLargestFigure - live.blocks) return false;
      if (count.bytes > kLargestFigure - live.bytes) return false;
      live.blocks += count.blocks;
      live.bytes += count.bytes;
    }
    // A block that was just being recorded.
    const BoxCount allocated{std::max(row.allocated.blocks, live.blocks),
                             std::max(row.allocated.bytes, live.bytes)};
    const uint64_t pc = tables.node(numbers.order()[number - 1])->pc;
    format::HeapTotals& heap = pc == static_cast<uint64_t>(format::Marker::kMapping)
                                   ? totals.mapping
                               : is_pair(pc) && (pc >> 32 & 1) != 0 ? totals.objects
                                                                    : totals.native;
    add_to(heap, allocated, live);
    if (!can_be(heap)) return false;
    add_varint(out, number - previous);
    add_varint(out, allocated.blocks);
    add_varint(out, allocated.bytes);
    add_varint(out, row.live.size());
    for (const auto& [generation, count] : row.live) {
      add_varint(out, generation);
      add_varint(out, count.blocks);
      add_varint(out, count.bytes);
    }
    previous = number;
  }
  // Only now: nodes get their numbers as rows need them.
  sections.add(SectionType::kStacks, static_cast<uint32_t>(rows.size()), std::move(out));
  return true;
}

void write_modules(const BoxTables& tables, Strings& strings, Sections& sections) {
  std::string out;
  for (const format::BoxModule& module : tables.modules) {
    if (module.start >= module.end || module.first_node > module.end_node ||
        module.build_id_size > sizeof(module.build_id)) {
      continue;  // it was just being noted
    }
    format::ModuleEntry entry{};
    entry.start = module.start;
    entry.end = module.end;
    entry.load_bias = module.load_bias;
    entry.first_node = module.first_node;
    entry.end_node = module.end_node;
    entry.path = strings.add(module.path);
    entry.flags = module.flags;
    entry.build_id_size = module.build_id_size;
    std::memcpy(entry.build_id, module.build_id, sizeof(entry.build_id));
    add_item(out, entry);
  }
  const auto count = static_cast<uint32_t>(out.size() / sizeof(format::ModuleEntry));
  sections.add(SectionType::kModules, count, std::move(out));
}

// Names of functions, and which runtimes there are, as the last snapshot has them; the sums of
// their objects are those of now.
Result<bool> write_runtimes(SnapshotFile& last, const format::HeapTotals& objects, Strings& strings,
                            Sections& sections) {
  auto runtimes = last.runtimes();
  if (!runtimes) return runtimes.error();
  auto functions = last.runtime_functions();
  if (!functions) return functions.error();
  std::string out;
  for (const Snapshot::Runtime& runtime : *runtimes) {
    format::RuntimeEntry entry{};
    entry.name = strings.add(runtime.name);
    entry.version = strings.add(runtime.version);
    entry.why_not = strings.add(runtime.why_not);
    entry.flags = runtime.flags & ~uint32_t{format::kRuntimeHeaps};
    if ((runtime.flags & format::kRuntimeObjects) != 0) entry.objects = objects;
    entry.arena_bytes = runtime.arena_bytes;
    add_item(out, entry);
  }
  sections.add(SectionType::kRuntimes, static_cast<uint32_t>(runtimes->size()), std::move(out));
  out.clear();
  for (const RuntimeFunction& function : *functions) {
    add_item(out, format::RuntimeFunctionEntry{strings.add(function.function),
                                               strings.add(function.file), 0, function.runtime});
  }
  sections.add(SectionType::kRuntimeFunctions, static_cast<uint32_t>(functions->size()),
               std::move(out));
  auto sampler = last.runtime_sampler();
  if (!sampler) return sampler.error();
  out.clear();
  add_item(out, *sampler);
  sections.add(SectionType::kRuntimeSampler, 1, std::move(out));
  return true;
}

format::Meta meta_of(const format::BoxHeader& header, const Totals& totals, Strings& strings) {
  format::Meta meta{};
  meta.pid = header.pid;
  meta.parent_pid = header.parent_pid;
  meta.sequence = header.sequence;
  meta.trigger = static_cast<uint32_t>(format::Trigger::kPeriod);  // amid its work, unasked
  meta.flags = header.meta_flags;
  meta.generation = header.generation;
  meta.start_realtime_ns = header.start_realtime_ns;
  meta.snapshot_realtime_ns = header.seen_realtime_ns;
  meta.elapsed_ns = header.seen_elapsed_ns;
  meta.sampling_interval_bytes = header.sampling_interval_bytes;
  meta.rss_bytes = header.rss_bytes;
  meta.memory_limit_bytes = header.memory_limit_bytes;
  meta.native = totals.native;
  meta.mapping = totals.mapping;
  meta.program = strings.add(header.program);
  meta.executable = strings.add(header.executable);
  meta.command = strings.add(header.command);
  meta.working_directory = strings.add(header.working_directory);
  meta.allocator = strings.add(header.allocator);
  return meta;
}

}  // namespace

Result<std::string> snapshot_of_box(const BoxTables& tables, SnapshotFile* last) {
  Numbers numbers(tables);
  // Before any row is written, since a row's number must be final.
  rows_of(tables, numbers);
  Sections sections;
  Strings strings;
  Totals totals;
  if (!write_stacks(tables, numbers, sections, totals)) {
    return Error{"is corrupt: the sums over its stacks are impossible"};
  }
  const auto count = static_cast<uint32_t>(numbers.order().size());
  sections.add(SectionType::kNodes, count, write_nodes(tables, numbers));
  sections.add(SectionType::kBirths, count, write_births(tables, numbers));
  write_modules(tables, strings, sections);
  add_box_threads(tables, numbers.order(), strings, sections);
  if (last != nullptr) {
    auto written = write_runtimes(*last, totals.objects, strings, sections);
    if (!written) return written.error();
  }
  std::string costs;
  add_item(costs,
           format::CostEntry{static_cast<uint32_t>(format::Cost::table_bytes), 0, tables.bytes});
  sections.add(SectionType::kCosts, 1, std::move(costs));
  std::string meta;
  add_item(meta, meta_of(tables.header, totals, strings));
  sections.add(SectionType::kMeta, 1, std::move(meta));
  std::string texts = strings.take();
  const auto text_bytes = static_cast<uint32_t>(texts.size());
  sections.add(SectionType::kStrings, text_bytes, std::move(texts));
  return sections.file();
}

}  // namespace silt::read
