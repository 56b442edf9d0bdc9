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

  // For readers of many neighbours: whether any stack of those that share `stack`'s chunk has been
  // counted here.
  bool has_chunk_of(StackId stack) { return counters_.find(stack) != nullptr; }
  static constexpr StackId kChunkStacks = 4096;

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

  base::ChunkedArray<Counter, kChunkStacks, (size_t{1} << kStackIdBits) / kChunkStacks> counters_;
};

class Counters {
 public:
  static constexpr uint32_t kOwnedShards = 15;
  static constexpr uint32_t kSharedShard = kOwnedShards;

  CounterShard& shard(uint32_t index) { return shards_[index]; }

  // Calls visit(stack, sum) for 1 … count - 1, ascending. Most threads have counted nothing at most
  // stacks: a shard is asked once for each chunk of them.
  template <typename Visitor>
  void read_all(StackId count, Visitor&& visit) {
    CounterShard* present[kOwnedShards + 1];
    uint32_t size = 0;
    for (StackId stack = 1; stack < count; ++stack) {
      if (stack == 1 || stack % CounterShard::kChunkStacks == 0) {
        size = 0;
        for (CounterShard& shard : shards_) {
          if (shard.has_chunk_of(stack)) present[size++] = &shard;
        }
      }
      Allocated sum;
      for (uint32_t i = 0; i < size; ++i) {
        const Allocated part = present[i]->read(stack);
        sum.blocks += part.blocks;
        sum.bytes += part.bytes;
      }
      visit(stack, sum);
    }
  }

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
