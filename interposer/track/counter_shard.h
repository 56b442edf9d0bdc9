// SPDX-License-Identifier: Apache-2.0
//
// Cumulative blocks and bytes per stack, as one thread counts them, or, with atomic adds, all that
// share a shard (counters.h).
//
// A page in which all is 0 goes back to the kernel: threads are given the ids that others leave,
// and in time each would else have pages for all ids. That takes two steps, between which every
// thread is seen outside of hooks (folding.h). First the page is marked idle: it is read as before,
// but who counts in it takes the mark away first. What is still idle afterwards is in nobody's
// hands, and leaves. Hook context.

#ifndef SILT_INTERPOSER_TRACK_COUNTER_SHARD_H_
#define SILT_INTERPOSER_TRACK_COUNTER_SHARD_H_

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
    const int64_t page = place_of(stack)->exchange(kNoPage, std::memory_order_relaxed);
    base::release_pages(reinterpret_cast<void*>(page & ~kIdle), base::kPageSize);
  }
  // Makes the stack's counters 0. Only while nobody counts at it.
  void empty(StackId stack) {
    Counter* const counter = find(stack);
    if (counter == nullptr) return;
    counter->blocks.store(0, std::memory_order_relaxed);
    counter->bytes.store(0, std::memory_order_relaxed);
  }

  // Marks the page that begins with `first` idle where nothing is counted in it but at stacks for
  // which is_leaving(stack) is true.
  template <typename IsLeaving>
  void mark_idle(StackId first, IsLeaving&& is_leaving) {
    const Counter* const page = find(first);
    if (page == nullptr) return;
    for (uint32_t i = 0; i < kPageStacks; ++i) {
      if (!is_zero(page[i]) && !is_leaving(StackId{index_of(first) + i})) return;
    }
    place_of(first)->fetch_or(kIdle, std::memory_order_relaxed);
  }
  // Gives the memory of a page back that was marked and that nobody has counted in since. Between
  // the two every thread was seen outside of hooks.
  void give_back_idle_page(StackId first) {
    const Counter* const page = find(first);
    if (page == nullptr) return;
    std::atomic<int64_t>& place = *place_of(first);
    int64_t known = place.load(std::memory_order_acquire);
    if (known >= 0) return;
    for (uint32_t i = 0; i < kPageStacks; ++i) {
      if (!is_zero(page[i])) return;  // whoever counts there takes the mark away
    }
    if (!place.compare_exchange_strong(known, kLeaving, std::memory_order_acq_rel,
                                       std::memory_order_relaxed)) {
      return;
    }
    base::release_pages(reinterpret_cast<void*>(known & ~kIdle), base::kPageSize);
    known = kLeaving;
    place.compare_exchange_strong(known, kNoPage, std::memory_order_release,
                                  std::memory_order_relaxed);
  }

  void keep_in_box(uint32_t number) { chunks_.keep_in_box({format::BoxKind::kCounters, number}); }
  // In the child of a fork that has lost the counters to its parent: stacks up to `limit` begin at
  // 0.
  void begin_anew(uint32_t limit) {
    chunks_.abandon_chunks(limit);
    for (uint32_t stack = 0; stack <= limit; stack += kPageStacks) {
      std::atomic<int64_t>* const place = place_of(StackId{stack});
      if (place != nullptr) place->store(kNoPage, std::memory_order_relaxed);
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

  // What is known of a page: its address, negative where it is marked. Who counts asks for one
  // that is positive, which takes no longer than asking for one that is there.
  static constexpr int64_t kNoPage = 0;
  static constexpr int64_t kIdle = INT64_MIN;
  static constexpr int64_t kLeaving = kIdle;  // of no address any more

  static bool is_zero(const Counter& counter) {
    return counter.blocks.load(std::memory_order_relaxed) == 0 &&
           counter.bytes.load(std::memory_order_relaxed) == 0;
  }

  SILT_ALWAYS_INLINE std::atomic<int64_t>* place_of(StackId stack) {
    return index_of(stack) >= kStacks ? nullptr : pages_.find(index_of(stack) / kPageStacks);
  }

  // For reading: also in pages that are idle.
  SILT_ALWAYS_INLINE Counter* find(StackId stack) {
    const std::atomic<int64_t>* const place = place_of(stack);
    if (place == nullptr) [[unlikely]]
      return nullptr;
    const int64_t page = place->load(std::memory_order_acquire) & ~kIdle;
    return page == kNoPage ? nullptr : at(page, stack);
  }

  SILT_ALWAYS_INLINE Counter* ensure(StackId stack) {
    const std::atomic<int64_t>* const place = place_of(stack);
    if (place != nullptr) [[likely]] {
      const int64_t page = place->load(std::memory_order_acquire);
      if (page > 0) [[likely]]
        return at(page, stack);
    }
    return ensure_slow(stack);
  }

  SILT_ALWAYS_INLINE static Counter* at(int64_t page, StackId stack) {
    return reinterpret_cast<Counter*>(page) + index_of(stack) % kPageStacks;
  }

  SILT_COLD Counter* ensure_slow(StackId stack);

  // Memory comes in chunks of sixteen pages; a page is known only once something was counted in it.
  // Most threads count at few stacks, and what readers do not look at takes no memory.
  base::ChunkedArray<Counter, kChunkStacks, kStacks / kChunkStacks> chunks_;
  static constexpr size_t kPlaces = base::kPageSize / sizeof(std::atomic<int64_t>);
  base::ChunkedArray<std::atomic<int64_t>, kPlaces, kStacks / kPageStacks / kPlaces> pages_;
};

}  // namespace silt::track

#endif  // SILT_INTERPOSER_TRACK_COUNTER_SHARD_H_
