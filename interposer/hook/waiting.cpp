// SPDX-License-Identifier: Apache-2.0
//
// Signals that a program does not handle but blocks, and waits for. What `silt dump` sends must not
// come out of a wait: it is answered there, and the wait goes on. So it does after a signal of
// silt's that is not waited for, in whose handler it ended. Any context.

#include <signal.h>
#include <time.h>

#include <cerrno>
#include <initializer_list>

#include "interposer/base/attributes.h"
#include "interposer/base/chained_handler.h"
#include "interposer/hook/guard.h"
#include "interposer/hook/own_signals.h"
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

// nullptr: for ever. errno as the last real call leaves it.
int wait_for_others(const sigset_t* set, siginfo_t* info, const struct timespec* timeout) {
  const OwnSignals signals;
  const WaitingTime time(timeout != nullptr);
  siginfo_t came;
  struct timespec left;
  const struct timespec* rest = timeout;
  for (;;) {
    const int number =
        rest == nullptr ? real.sigwaitinfo(set, &came) : real.sigtimedwait(set, &came, rest);
    const bool for_silt = number > 0 ? was_for_silt(number, came) : signals.ended(number);
    if (!for_silt) {
      if (number > 0 && info != nullptr) *info = came;
      return number;
    }
    if (timeout == nullptr) continue;
    if (!time.left_of(*timeout, &left)) return static_cast<int>(give_up_waiting());
    rest = &left;
  }
}

// The signals that are waited for are as if they had been looked at once.
int wait_quietly(const sigset_t* set, siginfo_t* info, const struct timespec* timeout) {
  const int saved_errno = errno;
  const int number = wait_for_others(set, info, timeout);
  if (number > 0) errno = saved_errno;
  return number;
}

}  // namespace
}  // namespace silt::hook

extern "C" {

SILT_EXPORT int sigwaitinfo(const sigset_t* set, siginfo_t* info) {
  if (real.sigwaitinfo == nullptr) [[unlikely]]
    silt::hook::resolve_real_functions();
  return silt::hook::wait_quietly(set, info, nullptr);
}

SILT_EXPORT int sigtimedwait(const sigset_t* set, siginfo_t* info, const struct timespec* timeout) {
  if (real.sigtimedwait == nullptr) [[unlikely]]
    silt::hook::resolve_real_functions();
  return silt::hook::wait_quietly(set, info, timeout);
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
