// SPDX-License-Identifier: Apache-2.0
//
// See wanted.h.

#include "interposer/snapshot/wanted.h"

#include <atomic>

namespace silt::snapshot {
namespace {

constinit std::atomic<bool> g_owners{false};
constinit std::atomic<uint64_t> g_heap{0};  // the thread, and 1

}  // namespace

void want(const Wanted& wanted) {
  if (wanted.owners) g_owners.store(true, std::memory_order_release);
  if (wanted.heap) g_heap.store(uint64_t{wanted.heap_thread} + 1, std::memory_order_release);
}

Wanted take_wanted() {
  Wanted wanted;
  wanted.owners = g_owners.exchange(false, std::memory_order_acq_rel);
  const uint64_t heap = g_heap.exchange(0, std::memory_order_acq_rel);
  wanted.heap = heap != 0;
  if (wanted.heap) wanted.heap_thread = static_cast<uint32_t>(heap - 1);
  return wanted;
}

}  // namespace silt::snapshot
