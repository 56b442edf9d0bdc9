// SPDX-License-Identifier: Apache-2.0
//
// See blocked_signals.h. Any context.

#include "interposer/base/blocked_signals.h"

#include <signal.h>
#include <sys/syscall.h>
#include <time.h>

#include "interposer/base/system_call.h"

namespace silt::base {
namespace {

constexpr long kSetSize = sizeof(SignalSet);
constexpr SignalSet kFaults = signal_bit(SIGSEGV) | signal_bit(SIGBUS) | signal_bit(SIGILL) |
                              signal_bit(SIGFPE) | signal_bit(SIGTRAP) | signal_bit(SIGABRT);

SignalSet pending_or_none() {
  SignalSet set = 0;
  return pending_signals(&set) ? set : 0;
}

}  // namespace

__attribute__((noinline)) void touch_stack() {
  constexpr int kLockedSectionBytes = 384;  // test/programs/little_room.c measures
  char room[kLockedSectionBytes];
  room[0] = 0;
  asm volatile("" : : "r"(room) : "memory");
}

SignalSet block_signals() {
  const SignalSet wanted = ~kFaults;
  SignalSet previous = 0;
  system_call(SYS_rt_sigprocmask, SIG_BLOCK, reinterpret_cast<long>(&wanted),
              reinterpret_cast<long>(&previous), kSetSize);
  return previous;
}

void restore_signals(SignalSet previous) {
  system_call(SYS_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<long>(&previous), 0, kSetSize);
}

bool pending_signals(SignalSet* pending) {
  return system_call(SYS_rt_sigpending, reinterpret_cast<long>(pending), kSetSize) == 0;
}

bool is_handled(int number) {
  // As the kernel has it, with the handler first; room for what any processor has.
  uint64_t action[8] = {};
  if (system_call(SYS_rt_sigaction, number, 0, reinterpret_cast<long>(action), kSetSize) != 0) {
    return true;
  }
  return action[0] != reinterpret_cast<uint64_t>(SIG_DFL) &&
         action[0] != reinterpret_cast<uint64_t>(SIG_IGN);
}

SwallowedSignal::SwallowedSignal(int number)
    : bit_(signal_bit(number)), pending_before_((pending_or_none() & bit_) != 0) {}

SwallowedSignal::~SwallowedSignal() {
  if (pending_before_ || (pending_or_none() & bit_) == 0) return;
  const struct timespec now {};
  system_call(SYS_rt_sigtimedwait, reinterpret_cast<long>(&bit_), 0, reinterpret_cast<long>(&now),
              kSetSize);
}

}  // namespace silt::base
