// SPDX-License-Identifier: Apache-2.0
//
// Cumulative blocks and bytes per stack. Shared atomic counters would cost five nanoseconds each
// and far more when threads meet at one stack; so the first kOwnedShards thread states own a shard
// that only they write (plain stores), all further ones share one shard with atomic adds, and a
// snapshot sums over shards. Counters only grow, so a sum read while threads go on is a state
// between the begin and the end of the reading. Hook context.

#ifndef SILT_INTERPOSER_TRACK_COUNTERS_H_
#define SILT_INTERPOSER_TRACK_COUNTERS_H_

#include <atomic>
#include <cstdint>

#include "interposer/base/attributes.h"
#include "interposer/base/memory.h"
#include "interposer/track/stack_table.h"

namespace silt::track {

struct Allocated {
  uint64_t blocks = 0;
  uint64_t bytes = 0;
};

class CounterShard {
 public:
  // Adds to the stack's counters; false when there was no memory for them. Only the owner calls
  // add_owned.
  SILT_ALWAYS_INLINE bool add_owned(StackId stack, uint64_t blocks, uint64_t bytes) {
    Counter* const counter = counters_.ensure(stack);
    if (counter == nullptr) [[unlikely]]
      return false;
    counter->blocks.store(counter->blocks.load(std::memory_order_relaxed) + blocks,
                          std::memory_order_relaxed);
    counter->bytes.store(counter->bytes.load(std::memory_order_relaxed) + bytes,
                         std::memory_order_relaxed);
    return true;
  }

  bool add_shared(StackId stack, uint64_t blocks, uint64_t bytes) {
    Counter* const counter = counters_.ensure(stack);
    if (counter == nullptr) return false;
    counter->blocks.fetch_add(blocks, std::memory_order_relaxed);
    counter->bytes.fetch_add(bytes, std::memory_order_relaxed);
    return true;
  }

  Allocated read(StackId stack) {
    const Counter* const counter = counters_.find(stack);
    if (counter == nullptr) return Allocated{};
    return Allocated{counter->blocks.load(std::memory_order_relaxed),
                     counter->bytes.load(std::memory_order_relaxed)};
  }

 private:
  struct Counter {
    std::atomic<uint64_t> blocks;
    std::atomic<uint64_t> bytes;
  };
  static_assert(sizeof(Counter) == 16);

  base::ChunkedArray<Counter, 4096, (size_t{1} << kStackIdBits) / 4096> counters_;
};

class Counters {
 public:
  static constexpr uint32_t kOwnedShards = 15;
  static constexpr uint32_t kSharedShard = kOwnedShards;

  CounterShard& shard(uint32_t index) { return shards_[index]; }

  Allocated read(StackId stack) {
    Allocated sum;
    for (CounterShard& shard : shards_) {
      const Allocated part = shard.read(stack);
      sum.blocks += part.blocks;
      sum.bytes += part.bytes;
    }
    return sum;
  }

 private:
  CounterShard shards_[kOwnedShards + 1];
};

}  // namespace silt::track

#endif  // SILT_INTERPOSER_TRACK_COUNTERS_H_
