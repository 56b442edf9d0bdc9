// SPDX-License-Identifier: Apache-2.0
//
// See interpreter.h. Whoever changes the ranges holds the lock; a range is empty while it changes.

#include "interposer/unwind/interpreter.h"

namespace silt::unwind {

constinit Interpreter interpreter{};

bool Interpreter::add(uint64_t start, uint64_t end) {
  const base::SpinGuard guard(lock_);
  const uint32_t used = used_.load(std::memory_order_relaxed);
  uint32_t place = used;
  for (uint32_t i = 0; i < used; ++i) {
    Range& range = ranges_[i];
    if (range.users == 0) {
      place = i;
    } else if (range.start.load(std::memory_order_relaxed) == start &&
               range.end.load(std::memory_order_relaxed) == end) {
      ++range.users;
      return true;
    }
  }
  if (place == kRanges) return false;
  Range& range = ranges_[place];
  range.start.store(start, std::memory_order_relaxed);
  range.end.store(end, std::memory_order_release);
  range.users = 1;
  if (place == used) used_.store(used + 1, std::memory_order_release);
  return true;
}

void Interpreter::remove(uint64_t start, uint64_t end) {
  const base::SpinGuard guard(lock_);
  for (uint32_t i = 0; i < used_.load(std::memory_order_relaxed); ++i) {
    Range& range = ranges_[i];
    if (range.users == 0 || range.start.load(std::memory_order_relaxed) != start ||
        range.end.load(std::memory_order_relaxed) != end) {
      continue;
    }
    if (--range.users == 0) range.end.store(0, std::memory_order_relaxed);
    return;
  }
}

bool Interpreter::contains(uint64_t pc) const {
  const uint32_t used = used_.load(std::memory_order_acquire);
  for (uint32_t i = 0; i < used; ++i) {
    const uint64_t end = ranges_[i].end.load(std::memory_order_acquire);
    if (pc <= end && pc > ranges_[i].start.load(std::memory_order_relaxed)) return true;
  }
  return false;
}

}  // namespace silt::unwind
