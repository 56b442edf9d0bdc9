// SPDX-License-Identifier: Apache-2.0
//
// See counter_shard.h. Hook context.

#include "interposer/track/counter_shard.h"

#include <sys/syscall.h>

#include "interposer/base/system_call.h"

namespace silt::track {
namespace {

// Giving a page back takes microseconds. Whoever did it is gone after so long: as in a child that a
// fork without its hooks has made in the middle of it.
constexpr unsigned kMostWaits = 100'000;

}  // namespace

SILT_COLD CounterShard::Counter* CounterShard::ensure_slow(StackId stack) {
  const uint32_t index = index_of(stack);
  std::atomic<int64_t>* const place = pages_.ensure(index / kPageStacks);
  Counter* const page = place == nullptr ? nullptr : chunks_.ensure(index - index % kPageStacks);
  if (page == nullptr) return nullptr;
  const auto address = static_cast<int64_t>(reinterpret_cast<uintptr_t>(page));
  unsigned waits = 0;
  for (int64_t known = place->load(std::memory_order_acquire); known <= 0;) {
    if (known == kLeaving && waits < kMostWaits) {
      ++waits;
      base::system_call(SYS_sched_yield);
      known = place->load(std::memory_order_acquire);
    } else if (place->compare_exchange_weak(known, address, std::memory_order_acq_rel,
                                            std::memory_order_acquire)) {
      break;
    }
  }
  return page + index % kPageStacks;
}

}  // namespace silt::track
