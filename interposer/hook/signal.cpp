// SPDX-License-Identifier: Apache-2.0
//
// Every way to say what a signal does, so that a program that uses silt's signal itself keeps its
// handler and silt keeps its own. They are async-signal-safe where the real ones are. Any context.

#include <signal.h>

#include <cerrno>

#include "interposer/base/attributes.h"
#include "interposer/base/chained_handler.h"
#include "interposer/base/process_identity.h"
#include "interposer/hook/guard.h"
#include "interposer/hook/real.h"

using silt::base::chained_handler;
using silt::hook::real;

namespace {

// In a child that shares this memory (vfork) what is said is the child's, and the wish kept here is
// its parent's.
bool is_ours(int number) {
  return number != 0 && number == chained_handler.signal_number() && silt::base::in_own_process();
}

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

struct sigaction make_wish(sighandler_t handler, int flags) {
  struct sigaction wish {};
  wish.sa_handler = handler;
  wish.sa_flags = flags;
  sigemptyset(&wish.sa_mask);
  return wish;
}

sighandler_t keep_wish(int number, const struct sigaction& wish) {
  const struct sigaction before = chained_handler.exchange(&wish);
  adopt(number, wish);
  return before.sa_handler;
}

}  // namespace

extern "C" {

SILT_EXPORT int sigaction(int number, const struct sigaction* wish, struct sigaction* previous) {
  if (real.sigaction == nullptr) [[unlikely]]
    silt::hook::resolve_real_functions();
  if (!is_ours(number)) return real.sigaction(number, wish, previous);
  const struct sigaction copy = wish == nullptr ? (struct sigaction){} : *wish;
  const struct sigaction before = chained_handler.exchange(wish == nullptr ? nullptr : &copy);
  if (wish != nullptr) adopt(number, copy);
  if (previous != nullptr) *previous = before;
  return 0;
}

SILT_EXPORT sighandler_t signal(int number, sighandler_t handler) {
  if (real.signal == nullptr) [[unlikely]]
    silt::hook::resolve_real_functions();
  if (handler == SIG_ERR || !is_ours(number)) return real.signal(number, handler);
  struct sigaction wish = make_wish(handler, SA_RESTART);
  sigaddset(&wish.sa_mask, number);
  return keep_wish(number, wish);
}
SILT_EXPORT __attribute__((alias("signal"))) sighandler_t bsd_signal(int, sighandler_t) noexcept;
SILT_EXPORT __attribute__((alias("signal"))) sighandler_t ssignal(int, sighandler_t) noexcept;

// What signal() is in strictly conforming programs.
SILT_EXPORT sighandler_t __sysv_signal(int number, sighandler_t handler) {
  if (real.sysv_signal == nullptr) [[unlikely]]
    silt::hook::resolve_real_functions();
  if (handler == SIG_ERR || !is_ours(number)) return real.sysv_signal(number, handler);
  return keep_wish(number, make_wish(handler, static_cast<int>(SA_RESETHAND | SA_NODEFER)));
}
SILT_EXPORT __attribute__((alias("__sysv_signal"))) sighandler_t sysv_signal(int,
                                                                             sighandler_t) noexcept;

SILT_EXPORT int sigignore(int number) {
  if (real.sigignore == nullptr) [[unlikely]]
    silt::hook::resolve_real_functions();
  if (!is_ours(number)) return real.sigignore(number);
  keep_wish(number, make_wish(SIG_IGN, 0));
  return 0;
}

SILT_EXPORT sighandler_t sigset(int number, sighandler_t handler) {
  if (real.sigset == nullptr) [[unlikely]]
    silt::hook::resolve_real_functions();
  if (handler == SIG_ERR || !is_ours(number)) return real.sigset(number, handler);
  sigset_t only;
  sigset_t blocked;
  sigemptyset(&only);
  sigaddset(&only, number);
  sighandler_t before;
  if (handler == SIG_HOLD) {
    before = chained_handler.exchange(nullptr).sa_handler;
    sigprocmask(SIG_BLOCK, &only, &blocked);
  } else {
    before = keep_wish(number, make_wish(handler, 0));
    sigprocmask(SIG_UNBLOCK, &only, &blocked);
  }
  return sigismember(&blocked, number) == 1 ? SIG_HOLD : before;
}

}  // extern "C"
