// SPDX-License-Identifier: Apache-2.0
//
// The sections of managed heaps, and whether they can be true. The texts in them come from the
// program's own sources.

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "symbolizer/base/cursor.h"
#include "symbolizer/read/section_items.h"
#include "symbolizer/read/snapshot_file.h"

namespace silt::read {
namespace {

using format::SectionType;

bool can_be(const format::ManagedHeapEntry& managed_heap) {
  return std::max({managed_heap.captured_elapsed_ns, managed_heap.sampling_interval_bytes,
                   managed_heap.heap_used_bytes, managed_heap.heap_total_bytes,
                   managed_heap.external_bytes, managed_heap.array_buffers_bytes,
                   managed_heap.heap_physical_bytes}) <= kLargestFigure;
}

// Whose code its frames are.
ScriptKind kind_of(std::string_view runtime) {
  return runtime == "jvm" ? ScriptKind::kJava : ScriptFrame{}.kind;
}

// The generations of one row, appended to `out` and summed up in `row`.
bool read_generations(Cursor& cursor, ScriptRow& row, std::vector<GenerationCount>& out) {
  const uint64_t count = cursor.varint();
  if (!cursor.ok() || count > 256) return false;
  uint64_t next_code = 0;
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t code = cursor.varint();
    const uint64_t samples = cursor.varint();
    const uint64_t blocks = cursor.varint();
    const uint64_t bytes = cursor.varint();
    if (!cursor.ok() || code < next_code || code > 255) return false;
    next_code = code + 1;
    if (!add_within(row.samples, samples, kLargestFigure) ||
        !add_within(row.live_blocks, blocks, kLargestFigure) ||
        !add_within(row.live_bytes, bytes, kLargestFigure)) {
      return false;
    }
    if (blocks != 0 || bytes != 0) out.push_back({static_cast<uint8_t>(code), blocks, bytes});
  }
  return true;
}

}  // namespace

Result<std::vector<format::ManagedHeapEntry>> SnapshotFile::managed_heaps() const {
  const size_t entry_bytes =
      version_ == 1 ? format::kManagedHeapEntryBytesOfVersion1 : sizeof(format::ManagedHeapEntry);
  auto section = bytes(SectionType::kManagedHeaps, entry_bytes);
  if (!section) return section.error();
  const format::SectionEntry* const known = find(SectionType::kRuntimes);
  const uint32_t runtimes = known == nullptr ? 0 : known->count;
  std::vector<format::ManagedHeapEntry> managed_heaps(section->size() / entry_bytes);
  if (managed_heaps.size() > kMostManagedHeaps) {
    return corrupt("it has more managed heaps than any program");
  }
  for (size_t i = 0; i < managed_heaps.size(); ++i) {
    std::memcpy(&managed_heaps[i], section->data() + i * entry_bytes, entry_bytes);
    if (version_ == 1)
      managed_heaps[i].runtime = runtimes;
    else if (managed_heaps[i].runtime >= runtimes)
      return corrupt("a managed heap has no runtime");
  }
  uint64_t used = 0;
  uint64_t total = 0;
  uint64_t physical = 0;
  for (const format::ManagedHeapEntry& managed_heap : managed_heaps) {
    if (!can_be(managed_heap) || !add_within(used, managed_heap.heap_used_bytes, kLargestFigure) ||
        !add_within(total, managed_heap.heap_total_bytes, kLargestFigure) ||
        !add_within(physical, managed_heap.heap_physical_bytes, kLargestFigure)) {
      return corrupt("the figures of its managed heaps are impossible");
    }
  }
  return managed_heaps;
}

Result<std::vector<ScriptFrame>> SnapshotFile::script_frames() {
  auto section = bytes(SectionType::kManagedFrames, sizeof(format::ManagedFrameEntry));
  if (!section) return section.error();
  std::vector<ScriptFrame> frames;
  const size_t count = section->size() / sizeof(format::ManagedFrameEntry);
  frames.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    format::ManagedFrameEntry entry{};
    std::memcpy(&entry, section->data() + i * sizeof(entry), sizeof(entry));
    auto function = text(entry.function);
    if (!function) return function.error();
    auto file = text(entry.file);
    if (!file) return file.error();
    frames.push_back({std::move(*function), std::move(*file), entry.line, entry.column});
  }
  return frames;
}

Result<std::vector<ScriptNode>> SnapshotFile::script_nodes(size_t frames) const {
  auto section = bytes(SectionType::kManagedNodes, 0);
  if (!section) return section.error();
  const format::SectionEntry* entry = find(SectionType::kManagedNodes);
  const uint32_t count = entry == nullptr ? 0 : entry->count;
  if (section->size() / 2 < count)
    return corrupt("it has fewer nodes of managed heaps than it says");
  Cursor cursor(*section);
  std::vector<ScriptNode> nodes(1);
  std::vector<uint16_t> depths(1);
  nodes.reserve(size_t{count} + 1);
  depths.reserve(size_t{count} + 1);
  for (uint64_t id = 1; id <= count; ++id) {
    const uint64_t distance = cursor.varint();
    const uint64_t frame = cursor.varint();
    if (!cursor.ok()) return corrupt("its nodes of managed heaps end too early");
    if (distance == 0 || distance > id) {
      return corrupt("the parent of a node of a managed heap is not older than it");
    }
    if (frame >= frames) return corrupt("a node of a managed heap has no frame");
    const auto parent = static_cast<uint32_t>(id - distance);
    if (depths[parent] >= kDeepestStack) {
      return corrupt("a stack is deeper than " + std::to_string(kDeepestStack) + " frames");
    }
    nodes.push_back({parent, static_cast<uint32_t>(frame)});
    depths.push_back(static_cast<uint16_t>(depths[parent] + 1));
  }
  if (!cursor.at_end()) return corrupt("it has more nodes of managed heaps than it says");
  return nodes;
}

Result<bool> SnapshotFile::read_script_rows(ScriptHeaps& heaps) const {
  auto section = bytes(SectionType::kManagedStacks, 0);
  if (!section) return section.error();
  const format::SectionEntry* entry = find(SectionType::kManagedStacks);
  const uint32_t count = entry == nullptr ? 0 : entry->count;
  if (section->size() / 3 < count)
    return corrupt("it has fewer stacks of managed heaps than it says");
  Cursor cursor(*section);
  heaps.rows.reserve(count);
  ScriptRow sums;
  uint64_t after = 0;  // the first heap and node that may come next
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t managed_heap = cursor.varint();
    const uint64_t node = cursor.varint();
    if (!cursor.ok()) return corrupt("its stacks of managed heaps end too early");
    if (managed_heap >= heaps.managed_heaps.size() || node == 0 || node >= heaps.nodes.size() ||
        (managed_heap << 32 | node) < after) {
      return corrupt("a stack of a managed heap has no heap or node, or is not in order");
    }
    after = (managed_heap << 32 | node) + 1;
    ScriptRow row;
    row.managed_heap = static_cast<uint32_t>(managed_heap);
    row.node = static_cast<uint32_t>(node);
    row.generations_begin = static_cast<uint32_t>(heaps.generations.size());
    if (!read_generations(cursor, row, heaps.generations) ||
        !add_within(sums.samples, row.samples, kLargestFigure) ||
        !add_within(sums.live_blocks, row.live_blocks, kLargestFigure) ||
        !add_within(sums.live_bytes, row.live_bytes, kLargestFigure)) {
      return corrupt("the figures of managed stack " + std::to_string(i) + " are impossible");
    }
    heaps.rows.push_back(row);
  }
  if (!cursor.at_end()) return corrupt("it has more stacks of managed heaps than it says");
  return true;
}

Result<bool> SnapshotFile::read_script_types(ScriptHeaps& heaps) {
  auto section = bytes(SectionType::kManagedTypes, 0);
  if (!section) return section.error();
  const format::SectionEntry* entry = find(SectionType::kManagedTypes);
  const uint32_t count = entry == nullptr ? 0 : entry->count;
  if (section->size() / 5 < count) {
    return corrupt("it has fewer types in managed heaps than it says");
  }
  Cursor cursor(*section);
  heaps.types.reserve(count);
  uint64_t objects = 0;
  uint64_t sum = 0;
  uint64_t before = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t managed_heap = cursor.varint();
    const uint64_t node = cursor.varint();
    const uint64_t name = cursor.varint();
    ScriptType type;
    type.count.objects = cursor.varint();
    type.count.bytes = cursor.varint();
    if (!cursor.ok()) return corrupt("its types in managed heaps end too early");
    if (managed_heap >= heaps.managed_heaps.size() || node == 0 || node >= heaps.nodes.size() ||
        name > UINT32_MAX || (managed_heap << 32 | node) < before) {
      return corrupt("a type in a managed heap has no heap, node or name, or is not in order");
    }
    before = managed_heap << 32 | node;
    if (!add_within(objects, type.count.objects, kLargestFigure) ||
        !add_within(sum, type.count.bytes, kLargestFigure)) {
      return corrupt("the figures of its types in managed heaps are impossible");
    }
    auto text = this->text(static_cast<format::StringRef>(name));
    if (!text) return text.error();
    type.managed_heap = static_cast<uint32_t>(managed_heap);
    type.node = static_cast<uint32_t>(node);
    type.count.name = std::move(*text);
    heaps.types.push_back(std::move(type));
  }
  if (!cursor.at_end()) return corrupt("it has more types in managed heaps than it says");
  return true;
}

Result<ScriptHeaps> SnapshotFile::script_heaps() {
  ScriptHeaps heaps;
  auto managed_heaps = this->managed_heaps();
  if (!managed_heaps) return managed_heaps.error();
  heaps.managed_heaps = std::move(*managed_heaps);
  auto frames = script_frames();
  if (!frames) return frames.error();
  heaps.frames = std::move(*frames);
  // (Only one runtime of a process has such heaps.)
  if (version_ != 1 && !heaps.managed_heaps.empty()) {
    auto known = runtimes();
    if (!known) return known.error();
    const ScriptKind kind = kind_of((*known)[heaps.managed_heaps.front().runtime].name);
    for (ScriptFrame& frame : heaps.frames) frame.kind = kind;
  }
  auto nodes = script_nodes(heaps.frames.size());
  if (!nodes) return nodes.error();
  heaps.nodes = std::move(*nodes);
  auto rows = read_script_rows(heaps);
  if (!rows) return rows.error();
  auto types = read_script_types(heaps);
  if (!types) return types.error();
  return heaps;
}

}  // namespace silt::read
