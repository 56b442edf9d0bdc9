// SPDX-License-Identifier: Apache-2.0
//
// See wanted.h.

#include "interposer/snapshot/wanted.h"

#include <atomic>

namespace silt::snapshot {
namespace {

constinit std::atomic<OwnersSearch> g_owners{OwnersSearch::kNo};
constinit std::atomic<uint64_t> g_heap{0};  // the thread, and 1

}  // namespace

void want(const Wanted& wanted) {
  OwnersSearch before = g_owners.load(std::memory_order_relaxed);
  while (before < wanted.owners &&
         !g_owners.compare_exchange_weak(before, wanted.owners, std::memory_order_release)) {
  }
  if (wanted.heap) g_heap.store(uint64_t{wanted.heap_thread} + 1, std::memory_order_release);
}

Wanted take_wanted() {
  Wanted wanted;
  wanted.owners = g_owners.exchange(OwnersSearch::kNo, std::memory_order_acq_rel);
  const uint64_t heap = g_heap.exchange(0, std::memory_order_acq_rel);
  wanted.heap = heap != 0;
  if (wanted.heap) wanted.heap_thread = static_cast<uint32_t>(heap - 1);
  return wanted;
}

}  // namespace silt::snapshot
