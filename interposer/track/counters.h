// SPDX-License-Identifier: Apache-2.0
//
// Cumulative blocks and bytes per stack. Shared atomic counters would cost five nanoseconds each
// and far more when threads meet at one stack; so the first kOwnedShards thread states own a shard
// that only they write (plain stores), all further ones share one shard with atomic adds, and a
// snapshot sums over shards. Counters only grow, so a sum read while threads go on is a state
// between the begin and the end of the reading.
//
// A stack that is folded away hands what it counted to another. Nobody may write into the shard of
// a running thread, so this stands in a shard of its own: it takes away there what the others have
// (all numbers are modulo 2^64), and an id that is used again begins at 0. Only who holds the
// snapshot slot folds. Hook context.

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
  static constexpr uint64_t kChunkBytes = kChunkStacks * 2 * sizeof(uint64_t);
  // Its counters read as 0 again. Only while nobody writes here.
  void empty_chunk_of(StackId stack) {
    Counter* const first = counters_.find(stack - stack % kChunkStacks);
    if (first != nullptr) base::release_pages(first, kChunkBytes);
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
  static_assert(sizeof(Counter) * kChunkStacks == kChunkBytes);

  base::ChunkedArray<Counter, kChunkStacks, (size_t{1} << kStackIdBits) / kChunkStacks> counters_;
};

class Counters {
 public:
  static constexpr uint32_t kOwnedShards = 15;
  static constexpr uint32_t kSharedShard = kOwnedShards;
  static constexpr uint32_t kFoldedShard = kOwnedShards + 1;

  CounterShard& shard(uint32_t index) { return shards_[index]; }

  // Reads stacks of which many are neighbours: most threads have counted nothing at most stacks, so
  // a shard is asked once for each chunk of them.
  class Reader {
   public:
    explicit Reader(Counters& counters) : counters_(counters) {}

    SILT_ALWAYS_INLINE Allocated read(StackId stack) {
      if (stack / CounterShard::kChunkStacks != chunk_) look_for_shards(stack);
      Allocated sum;
      for (uint32_t i = 0; i < size_; ++i) {
        const Allocated part = present_[i]->read(stack);
        sum.blocks += part.blocks;
        sum.bytes += part.bytes;
      }
      return sum;
    }

   private:
    void look_for_shards(StackId stack) {
      chunk_ = stack / CounterShard::kChunkStacks;
      size_ = 0;
      for (CounterShard& shard : counters_.shards_) {
        if (shard.has_chunk_of(stack)) present_[size_++] = &shard;
      }
    }

    Counters& counters_;
    CounterShard* present_[kOwnedShards + 2];
    uint32_t size_ = 0;
    uint32_t chunk_ = UINT32_MAX;
  };

  // Calls visit(stack, sum) for 1 … count - 1, ascending.
  template <typename Visitor>
  void read_all(StackId count, Visitor&& visit) {
    Reader reader(*this);
    for (StackId stack = 1; stack < count; ++stack) visit(stack, reader.read(stack));
  }

  // Hands what a shard that nobody writes has counted at the stacks that share `stack`'s chunk to
  // those that are folded, and gives its memory back.
  void hand_in(CounterShard* shard, StackId stack) {
    if (!shard->has_chunk_of(stack)) return;
    CounterShard& folded = shards_[kFoldedShard];
    const StackId first = stack - stack % CounterShard::kChunkStacks;
    if (!folded.add_owned(first, 0, 0)) return;
    for (StackId i = first; i < first + CounterShard::kChunkStacks; ++i) {
      const Allocated sum = shard->read(i);
      if (sum.blocks != 0 || sum.bytes != 0) folded.add_owned(i, sum.blocks, sum.bytes);
    }
    shard->empty_chunk_of(stack);
  }

  // Of stacks below `limit`.
  uint64_t mapped_bytes(StackId limit) {
    uint64_t bytes = 0;
    for (StackId stack = 0; stack < limit; stack += CounterShard::kChunkStacks) {
      for (CounterShard& shard : shards_) {
        if (shard.has_chunk_of(stack)) bytes += CounterShard::kChunkBytes;
      }
    }
    return bytes;
  }

  // Hands all that `from` has counted to `to`. False, with nothing done, when there is no memory.
  bool move(StackId from, StackId to) {
    CounterShard& folded = shards_[kFoldedShard];
    const Allocated sum = read(from);
    if (sum.blocks == 0 && sum.bytes == 0) return true;
    if (!folded.add_owned(from, 0, 0) || !folded.add_owned(to, sum.blocks, sum.bytes)) return false;
    return folded.add_owned(from, -sum.blocks, -sum.bytes);
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
  CounterShard shards_[kOwnedShards + 2];
};

}  // namespace silt::track

#endif  // SILT_INTERPOSER_TRACK_COUNTERS_H_
