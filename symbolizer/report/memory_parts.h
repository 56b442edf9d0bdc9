// SPDX-License-Identifier: Apache-2.0
//
// RSS as a sum of parts. What is resident is the recorder's measurement; how much of the
// allocator's memory is live is silt's own count, and the rest of it the allocator holds: freed
// memory that it has not given back, and room between blocks.

#ifndef SILT_SYMBOLIZER_REPORT_MEMORY_PARTS_H_
#define SILT_SYMBOLIZER_REPORT_MEMORY_PARTS_H_

#include <cstdint>
#include <optional>

#include "symbolizer/read/recording.h"

namespace silt::report {

// Resident bytes; the first group adds up to Meta::rss_bytes.
struct MemoryParts {
  uint64_t files = 0;
  uint64_t js_heap = 0;      // V8's, used or not
  uint64_t native_live = 0;  // blocks that are live, with the allocator's headers
  uint64_t objects = 0;      // blocks of a runtime's own allocator that are live: Python's
  uint64_t held = 0;         // the allocators', not live; or not known to be
  bool armed = false;        // blocks from before recording began may be in `held`
  uint64_t mappings = 0;     // heap "mapping"
  uint64_t stacks = 0;
  uint64_t silt = 0;
  uint64_t other = 0;
  uint64_t unknown = 0;  // not divided: it would have held the program up for too long

  // Of js_heap, what V8 marks as its own and counts to none of its heaps: WebAssembly memories
  // above all. 0 when it is not known, as where a heap did not answer.
  uint64_t js_outside = 0;
  // Of js_heap, memories of WebAssembly modules; empty: the recording does not tell them apart.
  std::optional<uint64_t> web_assembly;
  uint64_t js_used = 0;  // of js_heap, as V8 counted after its last collection; 0: unknown
  uint64_t js_free() const {
    const uint64_t told = js_used + js_outside;
    return js_used == 0 || told > js_heap ? 0 : js_heap - told;
  }
  uint64_t sum() const {
    return files + js_heap + native_live + objects + held + mappings + stacks + silt + other +
           unknown;
  }
};

// Empty when the snapshot does not tell.
std::optional<MemoryParts> memory_parts(const read::Snapshot& snapshot);

void add(MemoryParts& to, const MemoryParts& part);

// Live blocks of runtimes' own allocators.
format::HeapTotals object_totals(const read::Snapshot& snapshot);

// In use in a Java heap after the last collection that a snapshot asked for; 0: it is not known.
uint64_t java_used_bytes(const read::Snapshot& snapshot);

// JavaScript heaps of all managed_heaps together.
uint64_t js_used_bytes(const read::Snapshot& snapshot);
uint64_t js_total_bytes(const read::Snapshot& snapshot);
uint64_t array_buffers_bytes(const read::Snapshot& snapshot);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_MEMORY_PARTS_H_
