// SPDX-License-Identifier: Apache-2.0
//
// From measured kinds to parts; see the header.

#include "symbolizer/report/memory_parts.h"

#include <algorithm>

namespace silt::report {
namespace {

using format::RssKind;

// What a block takes beyond its requested size in glibc: eight bytes of header, and rounding up to
// a multiple of sixteen, eight on average.
constexpr uint64_t kBlockOverhead = 16;

// pymalloc rounds up to a multiple of sixteen.
constexpr uint64_t kObjectOverhead = 8;

uint64_t sum_over(const read::Snapshot& snapshot, uint64_t format::ManagedHeapEntry::*figure) {
  uint64_t sum = 0;
  for (const format::ManagedHeapEntry& managed_heap : snapshot.managed_heaps) {
    if ((managed_heap.flags & format::kHeapEnded) == 0) sum += managed_heap.*figure;
  }
  return sum;
}

bool has_java(const read::Snapshot& snapshot) { return read::runtime_of_heaps(snapshot) == "jvm"; }

// V8's mappings beyond what its heaps say they have resident. Heaps are asked a moment before the
// mappings are looked at, so that a heap which did not answer makes the difference meaningless.
uint64_t outside_heaps(const read::Snapshot& snapshot, uint64_t resident) {
  uint64_t heaps = 0;
  for (const format::ManagedHeapEntry& managed_heap : snapshot.managed_heaps) {
    if ((managed_heap.flags & format::kHeapEnded) != 0) continue;
    if ((managed_heap.flags & format::kHeapMissed) != 0 || managed_heap.heap_physical_bytes == 0)
      return 0;
    heaps += managed_heap.heap_physical_bytes;
  }
  return heaps == 0 || heaps > resident ? 0 : resident - heaps;
}

uint64_t take(uint64_t& from, uint64_t bytes) {
  const uint64_t taken = std::min(from, bytes);
  from -= taken;
  return taken;
}

// What runtimes have mapped for their own allocators; that of older snapshots is not known.
uint64_t arena_bytes(const read::Snapshot& snapshot) {
  uint64_t sum = 0;
  for (const read::Snapshot::Runtime& runtime : snapshot.runtimes) sum += runtime.arena_bytes;
  return sum;
}

}  // namespace

format::HeapTotals object_totals(const read::Snapshot& snapshot) {
  format::HeapTotals sum{};
  for (const read::Snapshot::Runtime& runtime : snapshot.runtimes) {
    sum.live_blocks += runtime.objects.live_blocks;
    sum.live_bytes += runtime.objects.live_bytes;
    sum.allocated_blocks += runtime.objects.allocated_blocks;
    sum.allocated_bytes += runtime.objects.allocated_bytes;
  }
  return sum;
}

uint64_t java_used_bytes(const read::Snapshot& snapshot) {
  return has_java(snapshot) ? sum_over(snapshot, &format::ManagedHeapEntry::heap_used_bytes) : 0;
}

uint64_t js_used_bytes(const read::Snapshot& snapshot) {
  return has_java(snapshot) ? 0 : sum_over(snapshot, &format::ManagedHeapEntry::heap_used_bytes);
}

uint64_t js_total_bytes(const read::Snapshot& snapshot) {
  return sum_over(snapshot, &format::ManagedHeapEntry::heap_total_bytes);
}

uint64_t array_buffers_bytes(const read::Snapshot& snapshot) {
  return sum_over(snapshot, &format::ManagedHeapEntry::array_buffers_bytes);
}

std::optional<MemoryParts> memory_parts(const read::Snapshot& snapshot) {
  if (snapshot.rss.empty()) return std::nullopt;
  MemoryParts parts;
  uint64_t allocator = 0;
  bool has_v8 = false;
  for (const read::Snapshot::Rss& rss : snapshot.rss) {
    switch (rss.kind) {
      case RssKind::kFile:
        parts.files += rss.bytes;
        break;
      case RssKind::kManagedHeap:
        parts.js_heap += rss.bytes;
        has_v8 = true;
        break;
      case RssKind::kAllocator:
        allocator += rss.bytes;
        break;
      case RssKind::kStack:
        parts.stacks += rss.bytes;
        break;
      case RssKind::kSilt:
        parts.silt += rss.bytes;
        break;
      case RssKind::kMapping:
        parts.mappings += rss.bytes;
        break;
      case RssKind::kUnknown:
        parts.unknown += rss.bytes;
        break;
      case RssKind::kOther:
        parts.other += rss.bytes;
        break;
      case RssKind::kWebAssembly:
        parts.web_assembly = rss.bytes;
        break;
    }
  }
  parts.js_used = js_used_bytes(snapshot);
  if (has_v8) parts.js_outside = outside_heaps(snapshot, parts.js_heap);
  // (A Java heap lies in mappings that are recorded.)
  if (!has_v8 && !snapshot.managed_heaps.empty() && !has_java(snapshot)) {
    // The process was too large for a look at each mapping: the runtime says what it has.
    uint64_t heap = sum_over(snapshot, &format::ManagedHeapEntry::heap_physical_bytes);
    if (heap == 0) heap = js_total_bytes(snapshot);
    for (uint64_t* from : {&parts.unknown, &allocator, &parts.mappings}) {
      const uint64_t taken = take(*from, heap);
      parts.js_heap += taken;
      heap -= taken;
    }
  }
  const format::HeapTotals& native = snapshot.meta.native;
  const uint64_t overhead =
      native.live_blocks < (uint64_t{1} << 48) ? native.live_blocks * kBlockOverhead : allocator;
  uint64_t live = native.live_bytes + overhead;
  // Those are cut out of what this allocator hands out or maps.
  const format::HeapTotals objects = object_totals(snapshot);
  uint64_t small =
      objects.live_bytes + std::min(objects.live_blocks, uint64_t{1} << 48) * kObjectOverhead;
  const auto objects_from = [&](uint64_t& from, uint64_t most) {
    const uint64_t taken = take(from, std::min(small, most));
    parts.objects += taken;
    small -= taken;
  };
  // Its arenas are mappings; large objects are the C library's blocks.
  objects_from(parts.mappings, arena_bytes(snapshot));
  objects_from(allocator, small);
  objects_from(parts.mappings, small);
  objects_from(parts.unknown, small);
  // What is not known may well be live blocks; what was never touched is not resident.
  parts.native_live = take(allocator, live);
  live -= parts.native_live;
  parts.native_live += take(parts.unknown, live);
  parts.held = allocator;
  parts.armed = (snapshot.meta.flags & format::kFlagArmed) != 0;
  return parts;
}

void add(MemoryParts& to, const MemoryParts& part) {
  to.files += part.files;
  to.js_heap += part.js_heap;
  to.native_live += part.native_live;
  to.objects += part.objects;
  to.held += part.held;
  to.armed = to.armed || part.armed;
  to.mappings += part.mappings;
  to.stacks += part.stacks;
  to.silt += part.silt;
  to.other += part.other;
  to.unknown += part.unknown;
  to.js_outside += part.js_outside;
  if (part.web_assembly) to.web_assembly = to.web_assembly.value_or(0) + *part.web_assembly;
  to.js_used += part.js_used;
}

}  // namespace silt::report
