// SPDX-License-Identifier: Apache-2.0
//
// Cumulative blocks and bytes per stack. Shared atomic counters would cost five nanoseconds each
// and far more when threads meet at one stack; so the first kOwnedShards thread states own a shard
// that only they write (plain stores), all further ones share one shard with atomic adds, and a
// snapshot sums over shards. Counters only grow, so a sum read while threads go on is a state
// between the begin and the end of the reading.
//
// A stack that is folded away hands what it counted to another. Nobody may write where a running
// thread may count, so this is added in a shard of its own. The stack's own counters are made 0 in
// all shards, since nobody has its id in hand then, and an id that is used again begins at 0. Only
// who holds the snapshot slot folds. Hook context.

#ifndef SILT_INTERPOSER_TRACK_COUNTERS_H_
#define SILT_INTERPOSER_TRACK_COUNTERS_H_

#include <cstdint>

#include "interposer/base/attributes.h"
#include "interposer/base/memory.h"
#include "interposer/track/counter_shard.h"
#include "interposer/track/stack_table.h"

namespace silt::track {

class Counters {
 public:
  static constexpr uint32_t kOwnedShards = 15;
  static constexpr uint32_t kSharedShard = kOwnedShards;
  static constexpr uint32_t kFoldedShard = kOwnedShards + 1;

  static constexpr uint32_t kShards = kOwnedShards + 2;
  static_assert(kOwnedShards == format::kBoxThreads);

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

  // See CounterShard: for the pages of all shards that begin with `first`.
  template <typename IsLeaving>
  void mark_idle(StackId first, IsLeaving&& is_leaving) {
    for (CounterShard& shard : shards_) shard.mark_idle(first, is_leaving);
  }
  void give_back_idle_pages(StackId first) {
    for (CounterShard& shard : shards_) shard.give_back_idle_page(first);
  }

  // Hands all that `from` has counted to `to`. Nobody counts at `from` meanwhile. False, with
  // nothing done, when there is no memory.
  bool move(StackId from, StackId to) {
    const Allocated sum = read(from);
    if ((sum.blocks != 0 || sum.bytes != 0) &&
        !shards_[kFoldedShard].add_owned(to, sum.blocks, sum.bytes)) {
      return false;
    }
    for (CounterShard& shard : shards_) shard.empty(from);
    return true;
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
