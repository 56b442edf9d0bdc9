// SPDX-License-Identifier: Apache-2.0
//
// Counts as the interposer does, in maps instead of tables.

#include "test/symbolizer/recording_builder.h"

#include <algorithm>
#include <cstdio>
#include <stdexcept>

namespace silt::test {
namespace {

constexpr uint64_t kCode = 0x7f0000000000;  // JIT code of the imagined process
constexpr uint64_t kFunctionSize = 0x100;
constexpr uint64_t kMostFunctions = 1'000'000;
constexpr uint64_t kStart = 1'700'000'000'000'000'000;

uint64_t marker(format::Marker value) { return static_cast<uint64_t>(value); }

}  // namespace

RecordingBuilder::RecordingBuilder() {
  values_.meta.pid = 4711;
  values_.meta.parent_pid = 4700;
  values_.meta.trigger = static_cast<uint32_t>(format::Trigger::kDump);
  values_.meta.start_realtime_ns = kStart;
  values_.mappings = {{kCode, kCode + kFunctionSize * kMostFunctions, 0, ""}};
}

uint64_t RecordingBuilder::pc(const std::string& function) {
  const auto [it, added] = functions_.try_emplace(function, 0);
  if (added) it->second = kCode + kFunctionSize * (functions_.size() - 1) + kFunctionSize / 2;
  return it->second;
}

uint32_t RecordingBuilder::node(uint32_t parent, uint64_t pc) {
  const auto [it, added] = node_ids_.try_emplace({parent, pc}, 0);
  if (added) {
    values_.nodes.push_back({parent, pc});
    it->second = static_cast<uint32_t>(values_.nodes.size());
  }
  return it->second;
}

RecordingBuilder::StackId RecordingBuilder::stack(const std::vector<std::string>& functions,
                                                  read::Heap heap, read::Missing missing) {
  std::vector<uint64_t> pcs;
  for (const auto& function : functions) pcs.push_back(pc(function));
  return stack_of_pcs(pcs, heap, missing);
}

RecordingBuilder::StackId RecordingBuilder::stack_of_pcs(const std::vector<uint64_t>& pcs,
                                                         read::Heap heap, read::Missing missing) {
  uint32_t at = 0;
  if (missing == read::Missing::kTruncated) at = node(at, marker(format::Marker::kTruncated));
  if (missing == read::Missing::kBroken) at = node(at, marker(format::Marker::kBroken));
  if (missing == read::Missing::kOverflow) at = node(at, marker(format::Marker::kOverflow));
  for (auto pc = pcs.rbegin(); pc != pcs.rend(); ++pc) at = node(at, *pc);
  if (heap == read::Heap::kMapping) at = node(at, marker(format::Marker::kMapping));
  if (heap == read::Heap::kManaged) at = node(at, marker(format::Marker::kManaged));
  return at;
}

void RecordingBuilder::allocate(StackId stack, uint64_t blocks, uint64_t bytes) {
  const uint32_t code = format::generation_code(static_cast<uint32_t>(snapshots_.size()));
  Counts& counts = counts_[stack];
  counts.allocated_blocks += blocks;
  counts.allocated_bytes += bytes;
  auto& generation = counts.live[code];
  generation.code = static_cast<uint8_t>(code);
  generation.blocks += blocks;
  generation.bytes += bytes;
}

// Returns how many of `blocks` are left to be freed.
uint64_t RecordingBuilder::free_from(read::GenerationCount& generation, uint64_t blocks) {
  if (generation.blocks == 0) return blocks;
  const uint64_t freed = std::min(blocks, generation.blocks);
  generation.bytes -= generation.bytes / generation.blocks * freed;
  generation.blocks -= freed;
  if (generation.blocks == 0) generation.bytes = 0;
  return blocks - freed;
}

void RecordingBuilder::free_oldest(StackId stack, uint64_t blocks) {
  for (auto& [code, generation] : counts_[stack].live) blocks = free_from(generation, blocks);
}

void RecordingBuilder::free_newest(StackId stack, uint64_t blocks) {
  auto& live = counts_[stack].live;
  for (auto it = live.rbegin(); it != live.rend(); ++it) blocks = free_from(it->second, blocks);
}

void RecordingBuilder::free_all(StackId stack) { free_oldest(stack, UINT64_MAX); }

RecordingBuilder::ScriptStack RecordingBuilder::script_stack(
    const std::vector<read::ScriptFrame>& frames, uint32_t managed_heap) {
  if (values_.managed_heaps.size() <= managed_heap) values_.managed_heaps.resize(managed_heap + 1);
  uint32_t at = 0;
  for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame) {
    const auto same = [&](const read::ScriptFrame& other) {
      return other.function == frame->function && other.file == frame->file &&
             other.line == frame->line && other.column == frame->column;
    };
    auto& known = values_.script_frames;
    const auto found = std::find_if(known.begin(), known.end(), same);
    const auto index = static_cast<uint32_t>(found - known.begin());
    if (found == known.end()) known.push_back(*frame);
    const auto [id, added] = script_node_ids_.try_emplace({at, index}, 0);
    if (added) {
      values_.script_nodes.push_back({at, index});
      id->second = static_cast<uint32_t>(values_.script_nodes.size());
    }
    at = id->second;
  }
  return {managed_heap, at};
}

void RecordingBuilder::allocate(ScriptStack stack, uint64_t samples, uint64_t blocks,
                                uint64_t bytes) {
  const uint32_t code = format::generation_code(static_cast<uint32_t>(snapshots_.size()));
  ScriptGeneration& generation = script_counts_[stack][code];
  generation.code = code;
  generation.samples += samples;
  generation.blocks += blocks;
  generation.bytes += bytes;
}

// Returns how many of `samples` are left to be freed.
uint64_t RecordingBuilder::free_from(ScriptGeneration& generation, uint64_t samples) {
  if (generation.samples == 0) return samples;
  const uint64_t freed = std::min(samples, generation.samples);
  generation.blocks -= generation.blocks / generation.samples * freed;
  generation.bytes -= generation.bytes / generation.samples * freed;
  generation.samples -= freed;
  if (generation.samples == 0) generation.blocks = generation.bytes = 0;
  return samples - freed;
}

void RecordingBuilder::free_oldest(ScriptStack stack, uint64_t samples) {
  for (auto& [code, generation] : script_counts_[stack]) samples = free_from(generation, samples);
}

void RecordingBuilder::free_newest(ScriptStack stack, uint64_t samples) {
  auto& live = script_counts_[stack];
  for (auto it = live.rbegin(); it != live.rend(); ++it) samples = free_from(it->second, samples);
}

bool RecordingBuilder::is_mapping(StackId stack) const {
  return stack != 0 && values_.nodes[stack - 1].pc == marker(format::Marker::kMapping);
}

format::HeapTotals RecordingBuilder::totals(bool mapping) const {
  format::HeapTotals totals{};
  for (const auto& [stack, counts] : counts_) {
    if (is_mapping(stack) != mapping) continue;
    totals.allocated_blocks += counts.allocated_blocks;
    totals.allocated_bytes += counts.allocated_bytes;
    for (const auto& [code, generation] : counts.live) {
      totals.live_blocks += generation.blocks;
      totals.live_bytes += generation.bytes;
    }
  }
  return totals;
}

void RecordingBuilder::take_snapshot(double elapsed_seconds, uint64_t rss_bytes) {
  format::Meta& meta = values_.meta;
  meta.sequence = static_cast<uint32_t>(snapshots_.size());
  meta.generation = format::generation_code(meta.sequence);
  meta.elapsed_ns = static_cast<uint64_t>(elapsed_seconds * 1e9);
  meta.snapshot_realtime_ns = meta.start_realtime_ns + meta.elapsed_ns;
  meta.native = totals(false);
  meta.mapping = totals(true);
  meta.rss_bytes =
      rss_bytes != 0 ? rss_bytes : meta.native.live_bytes + meta.mapping.live_bytes + 10'000'000;
  meta.rss_anon_bytes = meta.rss_bytes;
  values_.rows.clear();
  for (const auto& [stack, counts] : counts_) {
    RowValues row{stack, counts.allocated_blocks, counts.allocated_bytes, {}};
    for (const auto& [code, generation] : counts.live) {
      if (generation.blocks != 0 || generation.bytes != 0) row.generations.push_back(generation);
    }
    values_.rows.push_back(std::move(row));
  }
  values_.script_rows.clear();
  for (const auto& [stack, generations] : script_counts_) {
    ScriptRowValues row{stack.managed_heap, stack.node, {}};
    for (const auto& [code, generation] : generations) {
      if (generation.samples != 0) row.generations.push_back(generation);
    }
    if (!row.generations.empty()) values_.script_rows.push_back(std::move(row));
  }
  for (format::ManagedHeapEntry& managed_heap : values_.managed_heaps) {
    managed_heap.captured_elapsed_ns = meta.elapsed_ns;
  }
  snapshots_.push_back(write_snapshot(values_));
}

void RecordingBuilder::write(const std::filesystem::path& folder) const {
  std::filesystem::create_directories(folder);
  const auto write_file = [&](const std::string& name, const std::string& bytes) {
    std::ofstream file(folder / name, std::ios::binary);
    file << bytes;
    if (!file.flush()) throw std::runtime_error("cannot write " + name);
  };
  for (size_t i = 0; i < snapshots_.size(); ++i) {
    char name[32];
    std::snprintf(name, sizeof(name), "%03zu.silt", i);
    write_file(name, snapshots_[i]);
  }
  std::string map;
  for (const auto& [name, pc] : functions_) {
    char range[64];
    std::snprintf(range, sizeof(range), "%llx %llx ",
                  static_cast<unsigned long long>(pc - kFunctionSize / 2),
                  static_cast<unsigned long long>(kFunctionSize));
    map += range + name + "\n";
  }
  if (!map.empty()) write_file("perf-" + std::to_string(values_.meta.pid) + ".map", map);
}

read::Recording RecordingBuilder::recording() {
  const auto folder =
      folder_.path() / ("silt." + values_.program + "." + std::to_string(values_.meta.pid));
  write(folder);
  auto recording = read::read_recording(folder);
  if (!recording) throw std::runtime_error(recording.error().message);
  return std::move(*recording);
}

}  // namespace silt::test
