// SPDX-License-Identifier: Apache-2.0
//
// Every way to say what a signal does, so that a program that uses silt's signal itself keeps its
// handler and silt keeps its own. They are async-signal-safe where the real ones are. Any context.

#include "interposer/hook/signal.h"

#include <signal.h>

#include <cerrno>

#include "interposer/base/attributes.h"
#include "interposer/base/chained_handler.h"
#include "interposer/base/process_identity.h"
#include "interposer/hook/guard.h"
#include "interposer/hook/real.h"

using silt::base::ChainedHandler;
using silt::hook::real;

namespace {

// In a child that shares this memory (vfork) what is said is the child's, and the wish kept here is
// its parent's.
ChainedHandler* ours(int number) {
  ChainedHandler* const chain = silt::base::chain_of(number);
  return chain != nullptr && silt::base::in_own_process() ? chain : nullptr;
}

void adopt(int number, const struct sigaction& wish) {
  struct sigaction installed;
  if (real.sigaction(number, nullptr, &installed) != 0) return;
  silt::base::adopt_wish(&installed, wish);
  real.sigaction(number, &installed, nullptr);
}

struct sigaction make_wish(sighandler_t handler, int flags) {
  struct sigaction wish {};
  wish.sa_handler = handler;
  wish.sa_flags = flags;
  sigemptyset(&wish.sa_mask);
  return wish;
}

sighandler_t keep_wish(ChainedHandler& chain, int number, const struct sigaction& wish) {
  const struct sigaction before = chain.exchange(&wish);
  adopt(number, wish);
  return before.sa_handler;
}

// What was installed for silt before its signals were given up.
struct GivenUp {
  ChainedHandler* chain;
  int number;  // 0: none
  struct sigaction installed;
};
constinit GivenUp g_given_up[] = {{&silt::base::chained_handler, 0, {}},
                                  {&silt::base::asking_handler, 0, {}},
                                  {&silt::base::fault_handler, 0, {}}};

}  // namespace

namespace silt::hook {

bool give_signals_up() {
  bool any = false;
  for (GivenUp& given : g_given_up) {
    const int number = given.chain->signal_number();
    if (number == 0 || real.sigaction == nullptr) continue;
    const struct sigaction wish = given.chain->exchange(nullptr);
    if (real.sigaction(number, &wish, &given.installed) != 0) continue;
    given.number = number;
    given.chain->release();
    any = true;
  }
  if (any && recorder.forbid_signals != nullptr) recorder.forbid_signals(true);
  return any;
}

void take_signals_back() {
  for (GivenUp& given : g_given_up) {
    if (given.number == 0) continue;
    const struct sigaction wish = given.chain->exchange(nullptr);
    given.chain->claim(given.number, wish);
    real.sigaction(given.number, &given.installed, nullptr);
    given.number = 0;
  }
  if (recorder.forbid_signals != nullptr) recorder.forbid_signals(false);
}

}  // namespace silt::hook

extern "C" {

SILT_EXPORT int sigaction(int number, const struct sigaction* wish, struct sigaction* previous) {
  if (real.sigaction == nullptr) [[unlikely]]
    silt::hook::resolve_real_functions();
  ChainedHandler* const chain = ours(number);
  if (chain == nullptr) {
    if (wish != nullptr) silt::base::note_wish(number);
    return real.sigaction(number, wish, previous);
  }
  const struct sigaction copy = wish == nullptr ? (struct sigaction){} : *wish;
  const struct sigaction before = chain->exchange(wish == nullptr ? nullptr : &copy);
  if (wish != nullptr) adopt(number, copy);
  if (previous != nullptr) *previous = before;
  return 0;
}

SILT_EXPORT sighandler_t signal(int number, sighandler_t handler) {
  if (real.signal == nullptr) [[unlikely]]
    silt::hook::resolve_real_functions();
  ChainedHandler* const chain = handler == SIG_ERR ? nullptr : ours(number);
  if (chain == nullptr) {
    silt::base::note_wish(number);
    return real.signal(number, handler);
  }
  struct sigaction wish = make_wish(handler, SA_RESTART);
  sigaddset(&wish.sa_mask, number);
  return keep_wish(*chain, number, wish);
}
SILT_EXPORT __attribute__((alias("signal"))) sighandler_t bsd_signal(int, sighandler_t) noexcept;
SILT_EXPORT __attribute__((alias("signal"))) sighandler_t ssignal(int, sighandler_t) noexcept;

// What signal() is in strictly conforming programs.
SILT_EXPORT sighandler_t __sysv_signal(int number, sighandler_t handler) {
  if (real.sysv_signal == nullptr) [[unlikely]]
    silt::hook::resolve_real_functions();
  ChainedHandler* const chain = handler == SIG_ERR ? nullptr : ours(number);
  if (chain == nullptr) {
    silt::base::note_wish(number);
    return real.sysv_signal(number, handler);
  }
  return keep_wish(*chain, number, make_wish(handler, static_cast<int>(SA_RESETHAND | SA_NODEFER)));
}
SILT_EXPORT __attribute__((alias("__sysv_signal"))) sighandler_t sysv_signal(int,
                                                                             sighandler_t) noexcept;

SILT_EXPORT int sigignore(int number) {
  if (real.sigignore == nullptr) [[unlikely]]
    silt::hook::resolve_real_functions();
  ChainedHandler* const chain = ours(number);
  if (chain == nullptr) {
    silt::base::note_wish(number);
    return real.sigignore(number);
  }
  keep_wish(*chain, number, make_wish(SIG_IGN, 0));
  return 0;
}

SILT_EXPORT sighandler_t sigset(int number, sighandler_t handler) {
  if (real.sigset == nullptr) [[unlikely]]
    silt::hook::resolve_real_functions();
  ChainedHandler* const chain = handler == SIG_ERR ? nullptr : ours(number);
  if (chain == nullptr) {
    silt::base::note_wish(number);
    return real.sigset(number, handler);
  }
  sigset_t only;
  sigset_t blocked;
  sigemptyset(&only);
  sigaddset(&only, number);
  sighandler_t before;
  if (handler == SIG_HOLD) {
    before = chain->exchange(nullptr).sa_handler;
    sigprocmask(SIG_BLOCK, &only, &blocked);
  } else {
    before = keep_wish(*chain, number, make_wish(handler, 0));
    sigprocmask(SIG_UNBLOCK, &only, &blocked);
  }
  return sigismember(&blocked, number) == 1 ? SIG_HOLD : before;
}

}  // extern "C"
