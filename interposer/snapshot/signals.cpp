// SPDX-License-Identifier: Apache-2.0
//
// See signals.h.

#include "interposer/snapshot/signals.h"

#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

#include <cerrno>

#include "interposer/base/arch.h"
#include "interposer/base/blocked_signals.h"
#include "interposer/base/chained_handler.h"
#include "interposer/format/control.h"
#include "interposer/format/snapshot.h"
#include "interposer/snapshot/arming.h"
#include "interposer/snapshot/companion.h"
#include "interposer/snapshot/trigger.h"
#include "interposer/snapshot/wanted.h"
#include "interposer/track/thread_state.h"

namespace silt::snapshot {
namespace {

using format::Trigger;

// What the tool asks for with its signal: 0: it is not the tool's.
uint32_t asked_for(const siginfo_t& info) {
  if (info.si_code != SI_QUEUE) return 0;
  const auto value = reinterpret_cast<uint64_t>(info.si_value.sival_ptr);
  const auto cookie = static_cast<uint32_t>(value);
  if (cookie == format::kArmCookie) {
    order_arming(static_cast<uint32_t>(value >> 32));
    return kArm;
  }
  if (cookie == format::kDisarmCookie) return kDisarm;
  const bool if_small = cookie == format::kDumpCookie && value >> 32 == format::kOwnersIfSmall;
  const OwnersSearch owners = cookie == format::kOwnersCookie ? OwnersSearch::kYes
                              : if_small                      ? OwnersSearch::kIfSmall
                                                              : OwnersSearch::kNo;
  want({owners, cookie == format::kHeapCookie, 0});
  const bool dump = cookie == format::kDumpCookie || cookie == format::kOwnersCookie ||
                    cookie == format::kHeapCookie;
  return dump ? static_cast<uint32_t>(Trigger::kDump) : 0;
}

// Keeps what was handled before. An inherited SIG_IGN (nohup, a shell's background job) is nobody's
// wish; one that a library's constructor has set is.
bool claim(base::ChainedHandler& chain, int number, void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction previous {};
  if (sigaction(number, nullptr, &previous) != 0) return false;
  if (previous.sa_handler == SIG_IGN && !base::wish_was_noted(number)) previous = {};
  struct sigaction ours {};
  ours.sa_sigaction = handler;
  base::adopt_wish(&ours, previous);
  chain.exchange(&previous);
  if (sigaction(number, &ours, nullptr) != 0) return false;
  chain.claim(number, previous);
  return true;
}

// Whether a handler of the program is to run as soon as this one returns, for a signal that came
// meanwhile. True also where nobody can tell.
bool program_handler_follows(const ucontext_t& context) {
  base::SignalSet due = 0;
  if (!base::pending_signals(&due)) return true;
  base::SignalSet blocked = 0;
  __builtin_memcpy(&blocked, &context.uc_sigmask, sizeof(blocked));
  due &= ~blocked;
  for (int number = 1; due != 0; ++number, due >>= 1) {
    if ((due & 1) == 0) continue;
    if (const base::ChainedHandler* const chain = base::chain_of(number)) {
      if (chain->has_handler()) return true;
    } else if (base::is_handled(number)) {
      return true;
    }
  }
  return false;
}

// While a signal of silt's is answered all others wait. So it is known at the end whether the call
// that it ended, if it was one, is to go on (hook/own_signals.h): the program may count on a signal
// of its own to end it, and may have sent that while a snapshot was being written.
class Answer {
 public:
  explicit Answer(const void* context) : context_(*static_cast<const ucontext_t*>(context)) {
    base::block_signals();  // until the handler returns
  }
  ~Answer() {
    std::atomic<uint32_t>& signals = track::thread_local_part.own_signals;
    if (!arch::ended_system_call(&context_) || program_handler_follows(context_)) return;
    signals.store(signals.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;

 private:
  const ucontext_t& context_;
};

Trigger sent_by(const siginfo_t& info) {
  const bool by_process = info.si_code == SI_USER || info.si_code == SI_TKILL;
  return by_process && info.si_pid == getpid() ? Trigger::kItself : Trigger::kSignal;
}

}  // namespace

void on_signal(int number, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  if (is_round_signal(*info)) {
    const Answer answer(context);
    const uint32_t due = take_due_trigger();
    if (due != 0) take_or_leave_pending(due);
    errno = saved_errno;
    return;
  }
  if (const uint32_t asked = asked_for(*info)) {
    const Answer answer(context);
    take_or_leave_pending(asked);
    errno = saved_errno;
    return;
  }
  base::ChainedHandler* const chain = base::chain_of(number);
  if (chain == nullptr) return;  // given up at this very moment
  if (chain->has_handler()) return chain->call(number, info, context);
  const Answer answer(context);
  // A plain one of the tool's signal means nothing; of SILT_SIGNAL it asks for a snapshot, unless
  // the program said that it does not want to hear of it.
  if (chain == &base::chained_handler && !chain->ignored()) {
    take_or_leave_pending(static_cast<uint32_t>(sent_by(*info)));
  }
  errno = saved_errno;
}

bool answer_waited_for(const siginfo_t& info) {
  if (is_round_signal(info)) {
    const uint32_t due = take_due_trigger();
    if (due != 0) take_or_leave_pending(due);
    return true;
  }
  const uint32_t asked = asked_for(info);
  if (asked == 0) return false;
  take_or_leave_pending(asked);
  return true;
}

bool claim_signals(int signal_number) {
  if (signal_number == 0) return true;
  if (!claim(base::chained_handler, signal_number, on_signal)) return false;
  return signal_number == format::kAskingSignal ||
         claim(base::asking_handler, format::kAskingSignal, on_signal);
}

bool claim_faults(void (*handler)(int, siginfo_t*, void*)) {
  return claim(base::fault_handler, SIGBUS, handler);
}

}  // namespace silt::snapshot
