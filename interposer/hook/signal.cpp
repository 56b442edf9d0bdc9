// SPDX-License-Identifier: Apache-2.0
//
// sigaction and signal, so that a program that uses silt's signal itself keeps its handler and silt
// keeps its own; and the jumps by which a handler may leave a hook that it interrupted. All are
// async-signal-safe, and so is this. Any context.

#include <setjmp.h>
#include <signal.h>

#include <cerrno>

#include "interposer/base/attributes.h"
#include "interposer/base/chained_handler.h"
#include "interposer/hook/guard.h"
#include "interposer/hook/real.h"

using silt::base::chained_handler;
using silt::hook::real;

namespace {

// Our handler takes over the program's wishes for masks, restarts and stacks.
void adopt(int number, const struct sigaction& wish) {
  struct sigaction ours;
  if (real.sigaction(number, nullptr, &ours) != 0) return;
  ours.sa_flags = SA_SIGINFO | (wish.sa_flags & (SA_ONSTACK | SA_RESTART | SA_NODEFER));
  ours.sa_mask = wish.sa_mask;
  if (wish.sa_handler == SIG_DFL || wish.sa_handler == SIG_IGN) {
    ours.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
    sigemptyset(&ours.sa_mask);
  }
  real.sigaction(number, &ours, nullptr);
}

}  // namespace

extern "C" {

SILT_EXPORT int sigaction(int number, const struct sigaction* wish, struct sigaction* previous) {
  if (real.sigaction == nullptr) [[unlikely]]
    silt::hook::resolve_real_functions();
  if (number == 0 || number != chained_handler.signal_number()) {
    return real.sigaction(number, wish, previous);
  }
  const struct sigaction copy = wish == nullptr ? (struct sigaction){} : *wish;
  const struct sigaction before = chained_handler.exchange(wish == nullptr ? nullptr : &copy);
  if (wish != nullptr) adopt(number, copy);
  if (previous != nullptr) *previous = before;
  return 0;
}

SILT_EXPORT sighandler_t signal(int number, sighandler_t handler) {
  if (real.signal == nullptr) [[unlikely]]
    silt::hook::resolve_real_functions();
  if (number == 0 || number != chained_handler.signal_number()) {
    return real.signal(number, handler);
  }
  struct sigaction wish {};
  wish.sa_handler = handler;
  wish.sa_flags = SA_RESTART;
  sigemptyset(&wish.sa_mask);
  sigaddset(&wish.sa_mask, number);
  const struct sigaction before = chained_handler.exchange(&wish);
  adopt(number, wish);
  return before.sa_handler;
}

SILT_EXPORT __attribute__((noreturn)) void longjmp(jmp_buf buffer, int value) {
  if (real.longjmp == nullptr) [[unlikely]]
    silt::hook::resolve_real_functions();
  silt::hook::unmark_when_jumped_over(silt::arch::jump_target(buffer));
  real.longjmp(buffer, value);
  __builtin_unreachable();
}
SILT_EXPORT __attribute__((noreturn, alias("longjmp"))) void _longjmp(jmp_buf, int);
SILT_EXPORT __attribute__((noreturn, alias("longjmp"))) void siglongjmp(sigjmp_buf, int);

// What the others are with _FORTIFY_SOURCE.
SILT_EXPORT __attribute__((noreturn)) void __longjmp_chk(jmp_buf buffer, int value) {
  if (real.longjmp_checked == nullptr) [[unlikely]]
    silt::hook::resolve_real_functions();
  silt::hook::unmark_when_jumped_over(silt::arch::jump_target(buffer));
  real.longjmp_checked(buffer, value);
  __builtin_unreachable();
}

}  // extern "C"
