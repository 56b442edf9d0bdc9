// SPDX-License-Identifier: Apache-2.0
//
// Signals that a program does not handle but blocks, and waits for. What `silt dump` sends must not
// come out of a wait: it is answered there, and the wait goes on. Any context.

#include <signal.h>
#include <sys/syscall.h>
#include <time.h>

#include <cerrno>
#include <initializer_list>

#include "interposer/base/attributes.h"
#include "interposer/base/chained_handler.h"
#include "interposer/base/clock.h"
#include "interposer/base/system_call.h"
#include "interposer/hook/guard.h"
#include "interposer/hook/real.h"

using silt::hook::real;

namespace silt::hook {
namespace {

bool has_our_signal(const sigset_t* set) {
  for (const base::ChainedHandler* chain : {&base::chained_handler, &base::asking_handler}) {
    const int number = chain->signal_number();
    if (number != 0 && sigismember(set, number) == 1) return true;
  }
  return false;
}

bool was_for_silt(int number, const siginfo_t& info) {
  if (base::chain_of(number) == nullptr || recorder.answer == nullptr) return false;
  const int saved_errno = errno;
  const bool answered = recorder.answer(info);
  errno = saved_errno;
  return answered;
}

int64_t now_ns() { return static_cast<int64_t>(base::clock_ns(CLOCK_MONOTONIC)); }

int wait_for_others(const sigset_t* set, siginfo_t* info, const struct timespec* timeout) {
  constexpr int64_t kSecond = 1000000000;
  siginfo_t came;
  int64_t end = 0;
  struct timespec left {};
  if (timeout != nullptr) {
    left = *timeout;
    // A time that is no time, or longer than any program runs, is the real function's business.
    const bool plain =
        left.tv_sec >= 0 && left.tv_sec < kSecond && left.tv_nsec >= 0 && left.tv_nsec < kSecond;
    if (!plain) return real.sigtimedwait(set, info, timeout);
    end = now_ns() + left.tv_sec * kSecond + left.tv_nsec;
  }
  for (;;) {
    const int number =
        timeout == nullptr ? real.sigwaitinfo(set, &came) : real.sigtimedwait(set, &came, &left);
    if (number < 0) return number;
    if (!was_for_silt(number, came)) {
      if (info != nullptr) *info = came;
      return number;
    }
    if (timeout == nullptr) continue;
    int64_t rest = end - now_ns();
    if (rest < 0) rest = 0;
    left = {rest / kSecond, rest % kSecond};
  }
}

}  // namespace
}  // namespace silt::hook

extern "C" {

SILT_EXPORT int sigwaitinfo(const sigset_t* set, siginfo_t* info) {
  if (real.sigwaitinfo == nullptr) [[unlikely]]
    silt::hook::resolve_real_functions();
  if (!silt::hook::has_our_signal(set)) return real.sigwaitinfo(set, info);
  return silt::hook::wait_for_others(set, info, nullptr);
}

SILT_EXPORT int sigtimedwait(const sigset_t* set, siginfo_t* info, const struct timespec* timeout) {
  if (real.sigtimedwait == nullptr) [[unlikely]]
    silt::hook::resolve_real_functions();
  if (!silt::hook::has_our_signal(set)) return real.sigtimedwait(set, info, timeout);
  return silt::hook::wait_for_others(set, info, timeout);
}

// Unlike the others it goes on after a handler, and returns its error.
SILT_EXPORT int sigwait(const sigset_t* set, int* number) {
  if (real.sigwait == nullptr) [[unlikely]]
    silt::hook::resolve_real_functions();
  if (!silt::hook::has_our_signal(set)) return real.sigwait(set, number);
  const int saved_errno = errno;
  int result;
  do {
    result = silt::hook::wait_for_others(set, nullptr, nullptr);
  } while (result < 0 && errno == EINTR);
  const int error = result < 0 ? errno : 0;
  errno = saved_errno;
  if (error == 0) *number = result;
  return error;
}

SILT_EXPORT int sigprocmask(int how, const sigset_t* set, sigset_t* previous) {
  // libunwind's, about its own locks: it is run with all signals blocked.
  if (silt::track::on_unwinding_stack(__builtin_frame_address(0))) [[unlikely]] {
    if (previous != nullptr) __builtin_memset(previous, 0xff, sizeof(*previous));
    return 0;
  }
  if (real.sigprocmask == nullptr) [[unlikely]]
    silt::hook::resolve_real_functions();
  return real.sigprocmask(how, set, previous);
}

}  // extern "C"
