// SPDX-License-Identifier: Apache-2.0
//
// Calls that sleep until a time has passed or a handler has run. After a handler of silt's own, of
// which the program is to know nothing, they go on: a main thread that sleeps for an hour while
// others work would else come to its end. Any context; cancellation points, like the real ones.

#include <errno.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "interposer/base/attributes.h"
#include "interposer/base/clock.h"
#include "interposer/hook/own_signals.h"
#include "interposer/hook/real.h"

using silt::hook::real;

namespace silt::hook {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

// 0, or -1 with errno EINTR, and what is left of it in *left.
int sleep_on(struct timespec* left, const OwnSignals& signals) {
  int result;
  do {
    result = real.nanosleep(left, left);
  } while (signals.ended(result));
  return result;
}

// What is left of a sleep of so long, in nanoseconds, that began then.
struct timespec rest_of(uint64_t begin, int64_t all) {
  const auto passed = static_cast<int64_t>(base::clock_ns(CLOCK_MONOTONIC) - begin);
  const int64_t left = all > passed ? all - passed : 0;
  return {left / kSecond, left % kSecond};
}

}  // namespace
}  // namespace silt::hook

extern "C" {

SILT_EXPORT unsigned sleep(unsigned seconds) {
  if (real.sleep == nullptr) [[unlikely]]
    silt::hook::resolve_real_functions();
  const int saved_errno = errno;
  const silt::hook::OwnSignals signals;
  const uint64_t begin = silt::base::clock_ns(CLOCK_MONOTONIC);
  const unsigned left = real.sleep(seconds);
  if (!signals.came()) return left;  // (of less than a second nothing is said to be left)
  const int64_t all = static_cast<int64_t>(seconds) * silt::hook::kSecond;
  struct timespec rest = silt::hook::rest_of(begin, all);
  const int result = silt::hook::sleep_on(&rest, signals);
  errno = saved_errno;
  return result == 0 ? 0 : static_cast<unsigned>(rest.tv_sec);
}

SILT_EXPORT int usleep(useconds_t microseconds) {
  if (real.usleep == nullptr) [[unlikely]]
    silt::hook::resolve_real_functions();
  const int saved_errno = errno;
  const silt::hook::OwnSignals signals;
  const uint64_t begin = silt::base::clock_ns(CLOCK_MONOTONIC);
  int result = real.usleep(microseconds);
  if (!signals.ended(result)) return result;
  const int64_t all = int64_t{microseconds} * 1000;
  struct timespec rest = silt::hook::rest_of(begin, all);
  result = silt::hook::sleep_on(&rest, signals);
  if (result == 0) errno = saved_errno;
  return result;
}

SILT_EXPORT int nanosleep(const struct timespec* requested, struct timespec* remaining) {
  if (real.nanosleep == nullptr) [[unlikely]]
    silt::hook::resolve_real_functions();
  const int saved_errno = errno;
  const silt::hook::OwnSignals signals;
  struct timespec left;
  int result = real.nanosleep(requested, &left);
  if (result == 0 || errno != EINTR) return result;
  if (signals.came()) result = silt::hook::sleep_on(&left, signals);
  if (result == 0) {
    errno = saved_errno;
  } else if (errno == EINTR && remaining != nullptr) {
    *remaining = left;
  }
  return result;
}

// Returns its error.
SILT_EXPORT int clock_nanosleep(clockid_t clock, int flags, const struct timespec* requested,
                                struct timespec* remaining) {
  if (real.clock_nanosleep == nullptr) [[unlikely]]
    silt::hook::resolve_real_functions();
  const silt::hook::OwnSignals signals;
  const bool until = (flags & TIMER_ABSTIME) != 0;
  struct timespec left;
  int error = real.clock_nanosleep(clock, flags, requested, until ? nullptr : &left);
  while (error == EINTR && signals.came()) {
    error = until ? real.clock_nanosleep(clock, flags, requested, nullptr)
                  : real.clock_nanosleep(clock, flags, &left, &left);
  }
  if (error == EINTR && !until && remaining != nullptr) *remaining = left;
  return error;
}

SILT_EXPORT int pause() {
  if (real.pause == nullptr) [[unlikely]]
    silt::hook::resolve_real_functions();
  const silt::hook::OwnSignals signals;
  int result;
  do {
    result = real.pause();
  } while (signals.came());
  return result;
}

SILT_EXPORT int sigsuspend(const sigset_t* set) {
  if (real.sigsuspend == nullptr) [[unlikely]]
    silt::hook::resolve_real_functions();
  const silt::hook::OwnSignals signals;
  int result;
  do {
    result = real.sigsuspend(set);
  } while (signals.ended(result));
  return result;
}

}  // extern "C"
