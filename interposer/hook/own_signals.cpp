// SPDX-License-Identifier: Apache-2.0
//
// See own_signals.h. Any context. Passed time is told by the counter, which takes no system call at
// the begin of each wait; how long its ticks are, by the clock, when a wait was interrupted.

#include "interposer/hook/own_signals.h"

#include "interposer/base/clock.h"

namespace silt::hook {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kMillisecond = 1'000'000;
// Longer than any program runs, and far from where sums overflow.
constexpr int64_t kEndlessSeconds = 1'000'000'000;

struct Beginning {
  uint64_t ticks;
  uint64_t ns;
};
constinit Beginning g_beginning{};

}  // namespace

void begin_to_measure() { g_beginning = {base::ticks(), base::clock_ns(CLOCK_MONOTONIC)}; }

bool WaitingTime::left_of(int64_t all_ns, int64_t* left_ns) const {
  const uint64_t ticks = base::ticks();
  const uint64_t ns = base::clock_ns(CLOCK_MONOTONIC);
  // Forbidden, or not the counter of this machine any more (a process that was moved).
  if (begin_ == 0 || g_beginning.ticks == 0 || ticks <= begin_ || ticks <= g_beginning.ticks ||
      ns <= g_beginning.ns) {
    return false;
  }
  const double ns_per_tick =
      static_cast<double>(ns - g_beginning.ns) / static_cast<double>(ticks - g_beginning.ticks);
  const double passed = static_cast<double>(ticks - begin_) * ns_per_tick;
  *left_ns = passed < static_cast<double>(all_ns) ? all_ns - static_cast<int64_t>(passed) : 0;
  return true;
}

bool WaitingTime::left_of(int all_ms, int* left_ms) const {
  int64_t left = 0;
  if (!left_of(int64_t{all_ms} * kMillisecond, &left)) return false;
  *left_ms = static_cast<int>((left + kMillisecond - 1) / kMillisecond);
  return true;
}

bool WaitingTime::left_of(const struct timespec& all, struct timespec* left) const {
  *left = all;
  if (all.tv_sec >= kEndlessSeconds) return true;
  int64_t left_ns = 0;
  if (!left_of(int64_t{all.tv_sec} * kSecond + all.tv_nsec, &left_ns)) return false;
  *left = {static_cast<time_t>(left_ns / kSecond), static_cast<long>(left_ns % kSecond)};
  return true;
}

}  // namespace silt::hook
