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
    Counter* const counter = ensure(stack);
    if (counter == nullptr) [[unlikely]]
      return false;
    counter->blocks.store(counter->blocks.load(std::memory_order_relaxed) + blocks,
                          std::memory_order_relaxed);
    counter->bytes.store(counter->bytes.load(std::memory_order_relaxed) + bytes,
                         std::memory_order_relaxed);
    return true;
  }

  bool add_shared(StackId stack, uint64_t blocks, uint64_t bytes) {
    Counter* const counter = ensure(stack);
    if (counter == nullptr) return false;
    counter->blocks.fetch_add(blocks, std::memory_order_relaxed);
    counter->bytes.fetch_add(bytes, std::memory_order_relaxed);
    return true;
  }

  // For readers of many neighbours: whether any stack of those that share `stack`'s page has been
  // counted here.
  bool has_page_of(StackId stack) { return find(stack) != nullptr; }
  static constexpr uint32_t kPageStacks = base::kPageSize / (2 * sizeof(uint64_t));
  // Its counters read as 0 again. Only while nobody writes here.
  void empty_page_of(StackId stack) {
    if (!has_page_of(stack)) return;
    Counter* const page =
        pages_.find(index_of(stack) / kPageStacks)->exchange(nullptr, std::memory_order_relaxed);
    base::release_pages(page, base::kPageSize);
  }

  void keep_in_box(uint32_t number) { chunks_.keep_in_box({format::BoxKind::kCounters, number}); }
  // In the child of a fork that has lost the counters to its parent: stacks up to `limit` begin at
  // 0.
  void begin_anew(uint32_t limit) {
    chunks_.abandon_chunks(limit);
    for (uint32_t stack = 0; stack <= limit; stack += kPageStacks) {
      std::atomic<Counter*>* const place = pages_.find(stack / kPageStacks);
      if (place != nullptr) place->store(nullptr, std::memory_order_relaxed);
    }
  }

  Allocated read(StackId stack) {
    const Counter* const counter = find(stack);
    if (counter == nullptr) return Allocated{};
    return Allocated{counter->blocks.load(std::memory_order_relaxed),
                     counter->bytes.load(std::memory_order_relaxed)};
  }

 private:
  struct Counter {
    std::atomic<uint64_t> blocks;
    std::atomic<uint64_t> bytes;
  };
  static_assert(sizeof(Counter) * kPageStacks == base::kPageSize);
  static constexpr uint32_t kStacks = uint32_t{1} << kStackIdBits;
  static constexpr uint32_t kChunkStacks = 16 * kPageStacks;
  static_assert(kChunkStacks == format::kBoxCountersInPiece);
  static_assert(sizeof(Counter) == sizeof(format::BoxCounter));

  SILT_ALWAYS_INLINE Counter* find(StackId stack) {
    const uint32_t index = index_of(stack);
    if (index >= kStacks) [[unlikely]]
      return nullptr;
    std::atomic<Counter*>* const place = pages_.find(index / kPageStacks);
    if (place == nullptr) [[unlikely]]
      return nullptr;
    Counter* const page = place->load(std::memory_order_acquire);
    return page == nullptr ? nullptr : page + index % kPageStacks;
  }

  SILT_ALWAYS_INLINE Counter* ensure(StackId stack) {
    Counter* const counter = find(stack);
    return counter != nullptr ? counter : ensure_slow(stack);
  }

  SILT_COLD Counter* ensure_slow(StackId stack) {
    const uint32_t index = index_of(stack);
    std::atomic<Counter*>* const place = pages_.ensure(index / kPageStacks);
    Counter* const page = place == nullptr ? nullptr : chunks_.ensure(index - index % kPageStacks);
    if (page == nullptr) return nullptr;
    place->store(page, std::memory_order_release);  // whoever does it, the same
    return page + index % kPageStacks;
  }

  // Memory comes in chunks of sixteen pages; a page is known only once something was counted in it.
  // Most threads count at few stacks, and what readers do not look at takes no memory.
  base::ChunkedArray<Counter, kChunkStacks, kStacks / kChunkStacks> chunks_;
  static constexpr size_t kPlaces = base::kPageSize / sizeof(std::atomic<Counter*>);
  base::ChunkedArray<std::atomic<Counter*>, kPlaces, kStacks / kPageStacks / kPlaces> pages_;
};

class Counters {
 public:
  static constexpr uint32_t kOwnedShards = 15;
  static constexpr uint32_t kSharedShard = kOwnedShards;
  static constexpr uint32_t kFoldedShard = kOwnedShards + 1;

  static constexpr uint32_t kShards = kOwnedShards + 2;

  CounterShard& shard(uint32_t index) { return shards_[index]; }
  uint32_t number_of(const CounterShard* shard) const {
    return static_cast<uint32_t>(shard - shards_);
  }

  // Reads stacks of which many are neighbours: most threads have counted nothing at most stacks, so
  // a shard is asked once for each page of them.
  class Reader {
   public:
    explicit Reader(Counters& counters) : counters_(counters) {}

    SILT_ALWAYS_INLINE Allocated read(StackId stack) {
      Allocated sum;
      read_parts(stack, [&sum](const CounterShard*, const Allocated& part) {
        sum.blocks += part.blocks;
        sum.bytes += part.bytes;
      });
      return sum;
    }

    // Calls visit(shard, part) for each shard in which it may have been counted.
    template <typename Visitor>
    SILT_ALWAYS_INLINE void read_parts(StackId stack, Visitor&& visit) {
      if (index_of(stack) / CounterShard::kPageStacks != page_) look_for_shards(stack);
      for (uint32_t i = 0; i < size_; ++i) visit(present_[i], present_[i]->read(stack));
    }

   private:
    void look_for_shards(StackId stack) {
      page_ = index_of(stack) / CounterShard::kPageStacks;
      size_ = 0;
      for (CounterShard& shard : counters_.shards_) {
        if (shard.has_page_of(stack)) present_[size_++] = &shard;
      }
    }

    Counters& counters_;
    CounterShard* present_[kShards];
    uint32_t size_ = 0;
    uint32_t page_ = UINT32_MAX;
  };

  // Calls visit(stack, sum) for all ids from 1 to limit - 1, ascending.
  template <typename Visitor>
  void read_all(uint32_t limit, Visitor&& visit) {
    Reader reader(*this);
    for (uint32_t id = 1; id < limit; ++id) visit(StackId{id}, reader.read(StackId{id}));
  }

  // Hands what a shard that nobody writes has counted at the stacks that share `stack`'s page to
  // those that are folded, and gives its memory back.
  void hand_in(CounterShard* shard, StackId stack) {
    if (!shard->has_page_of(stack)) return;
    CounterShard& folded = shards_[kFoldedShard];
    const uint32_t first = index_of(stack) - index_of(stack) % CounterShard::kPageStacks;
    if (!folded.add_owned(StackId{first}, 0, 0)) return;
    for (uint32_t i = first; i < first + CounterShard::kPageStacks; ++i) {
      const Allocated sum = shard->read(StackId{i});
      if (sum.blocks != 0 || sum.bytes != 0) folded.add_owned(StackId{i}, sum.blocks, sum.bytes);
    }
    shard->empty_page_of(stack);
  }

  // For a stack, on average over those below `limit` that share a page with any that was counted.
  uint64_t bytes_of_stack(uint32_t limit) {
    uint64_t pages = 0;
    uint64_t places = 0;
    for (uint32_t id = 0; id < limit; id += CounterShard::kPageStacks) {
      const uint64_t before = pages;
      for (CounterShard& shard : shards_) {
        if (shard.has_page_of(StackId{id})) ++pages;
      }
      if (pages != before) ++places;
    }
    return places == 0 ? 0 : pages * (base::kPageSize / CounterShard::kPageStacks) / places;
  }

  // The counters of all stacks that share `stack`'s page read as 0 again. Only while nobody has
  // one of them in hand, and when their sums are 0.
  void empty_page_of(StackId stack) {
    for (CounterShard& shard : shards_) shard.empty_page_of(stack);
  }

  // Hands all that `from` has counted to `to`. False, with nothing done, when there is no memory.
  bool move(StackId from, StackId to) {
    CounterShard& folded = shards_[kFoldedShard];
    const Allocated sum = read(from);
    if (sum.blocks == 0 && sum.bytes == 0) return true;
    if (!folded.add_owned(from, 0, 0) || !folded.add_owned(to, sum.blocks, sum.bytes)) return false;
    return folded.add_owned(from, -sum.blocks, -sum.bytes);
  }

  void keep_in_box() {
    for (uint32_t i = 0; i < kShards; ++i) shards_[i].keep_in_box(i);
  }
  void begin_anew_in_child(uint32_t limit) {
    for (CounterShard& shard : shards_) shard.begin_anew(limit);
  }

  // All counts begin at 0 again. By who holds the snapshot slot. Stacks for which there is no
  // memory keep theirs: false.
  bool begin_anew(uint32_t limit) {
    bool all = true;
    CounterShard& folded = shards_[kFoldedShard];
    read_all(limit, [&](StackId stack, const Allocated& sum) {
      if (sum.blocks == 0 && sum.bytes == 0) return;
      all = folded.add_owned(stack, -sum.blocks, -sum.bytes) && all;
    });
    return all;
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
  CounterShard shards_[kShards];
};

}  // namespace silt::track

#endif  // SILT_INTERPOSER_TRACK_COUNTERS_H_
