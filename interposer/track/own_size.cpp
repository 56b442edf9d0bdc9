// SPDX-License-Identifier: Apache-2.0
//
// See own_size.h. Hook context.

#include "interposer/track/own_size.h"

#include <algorithm>

#include "interposer/track/kept_stacks.h"
#include "interposer/track/recorder.h"
#include "interposer/track/thread_state.h"

namespace silt::track {
namespace {

constexpr uint64_t kWantedBytes = uint64_t{16} << 20;
constexpr uint64_t kWantedShare = 10;  // one part in so many of the program's live memory
constexpr uint64_t kSamplingFactor = 4;

uint64_t wanted_bytes(uint64_t live_bytes) {
  uint64_t wanted = live_bytes / kWantedShare;
  if (wanted < kWantedBytes) wanted = kWantedBytes;
  const uint64_t cap = recorder.memory_limit_bytes;
  if (cap != 0 && wanted > cap / kSamplingFactor) wanted = cap / kSamplingFactor;
  return wanted;
}

}  // namespace

uint64_t tree_bytes() {
  const uint64_t nodes = recorder.stacks.in_use();
  return recorder.stacks.used_bytes() +
         nodes * (recorder.counters.bytes_of_stack(recorder.stacks.id_limit()) +
                  KeptStacks::kNodeBytes);
}

uint64_t own_bytes() {
  uint64_t bytes = tree_bytes() + recorder.rules.mapped_bytes() +
                   std::min(thread_state_bytes(), kWantedBytes / 2);
  if (recorder.runtime_bytes != nullptr) bytes += recorder.runtime_bytes();
  return bytes;
}

Pressure pressure_of(uint64_t own_bytes, uint64_t live_bytes) {
  const uint64_t wanted = wanted_bytes(live_bytes);
  if (own_bytes <= wanted) return Pressure::kNone;
  return own_bytes <= wanted + wanted / 2 ? Pressure::kSome : Pressure::kMuch;
}

bool is_too_much(uint64_t own_bytes, uint64_t live_bytes) {
  return own_bytes > kSamplingFactor * wanted_bytes(live_bytes);
}

}  // namespace silt::track
