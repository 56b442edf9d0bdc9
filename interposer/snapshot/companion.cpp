// SPDX-License-Identifier: Apache-2.0
//
// See companion.h. A snapshot that waits for an answer is a trigger in g_round; whoever takes it
// out takes the snapshot: the timer's signal as a rule.

#include "interposer/snapshot/companion.h"

#include <sys/syscall.h>
#include <time.h>

#include <atomic>

#include "interposer/base/chained_handler.h"
#include "interposer/base/system_call.h"
#include "interposer/format/snapshot.h"
#include "interposer/snapshot/process_info.h"
#include "interposer/snapshot/runtimes.h"
#include "interposer/snapshot/trigger.h"

namespace silt::snapshot {

namespace {

struct Round {
  std::atomic<uint32_t> trigger;  // 0: none waits
  std::atomic<uint32_t> again;    // asked for while another waits
  std::atomic<uint64_t> overdue_ns;
  int32_t timer;
  bool has_timer;
};
constinit Round g_round{};

// What the timer's signal carries.
constexpr uint32_t kRoundCookie = 0x51170d3b;

struct timespec as_timespec(uint64_t nanoseconds) {
  return {static_cast<time_t>(nanoseconds / 1000000000),
          static_cast<long>(nanoseconds % 1000000000)};
}

void set_timer(uint64_t nanoseconds) {
  if (!g_round.has_timer) return;
  struct itimerspec when {};
  when.it_value = as_timespec(nanoseconds);
  base::system_call(SYS_timer_settime, g_round.timer, 0, reinterpret_cast<long>(&when), 0);
}

}  // namespace

void install_companion() {
  const int number = base::chained_handler.signal_number();
  if (number == 0) return;
  struct sigevent event {};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = number;
  event.sigev_value.sival_int = static_cast<int>(kRoundCookie);
  g_round.has_timer =
      base::system_call(SYS_timer_create, CLOCK_MONOTONIC, reinterpret_cast<long>(&event),
                        reinterpret_cast<long>(&g_round.timer)) == 0;
}

bool waits_for_companion(uint32_t trigger) {
  if (runtimes.ask == nullptr || (trigger & kAnswered) != 0 ||
      trigger == static_cast<uint32_t>(format::Trigger::kExit)) {
    return false;
  }
  const uint64_t now = monotonic_ns();
  uint32_t none = 0;
  if (!g_round.trigger.compare_exchange_strong(none, trigger, std::memory_order_acq_rel)) {
    if (now < g_round.overdue_ns.load(std::memory_order_relaxed)) {
      if (trigger != static_cast<uint32_t>(format::Trigger::kPeriod)) {
        g_round.again.store(trigger, std::memory_order_release);
      }
      return true;
    }
    g_round.trigger.store(0, std::memory_order_release);  // neither an answer nor a timer came
    return false;
  }
  g_round.overdue_ns.store(now + 2 * kCompanionPatienceNs, std::memory_order_relaxed);
  set_timer(kCompanionPatienceNs);
  if (runtimes.ask()) return true;
  set_timer(0);
  g_round.trigger.store(0, std::memory_order_release);
  return false;
}

bool is_round_signal(const siginfo_t& info) {
  return info.si_code == SI_TIMER && static_cast<uint32_t>(info.si_value.sival_int) == kRoundCookie;
}

uint32_t take_due_trigger() {
  const uint32_t trigger = g_round.trigger.exchange(0, std::memory_order_acq_rel);
  return trigger == 0 ? 0 : trigger | kAnswered;
}

uint32_t take_overdue_trigger() {
  if (g_round.trigger.load(std::memory_order_relaxed) == 0) return 0;
  const bool overdue = monotonic_ns() >= g_round.overdue_ns.load(std::memory_order_relaxed);
  return overdue ? take_due_trigger() : 0;
}

uint32_t take_repeated_trigger() { return g_round.again.exchange(0, std::memory_order_acq_rel); }

void companion_answered(uint64_t settle_ns) {
  if (g_round.trigger.load(std::memory_order_acquire) == 0) return;
  if (g_round.has_timer) return set_timer(settle_ns == 0 ? 1 : settle_ns);  // 0 would stop it
  const struct timespec pause = as_timespec(settle_ns);
  base::system_call(SYS_nanosleep, reinterpret_cast<long>(&pause), 0);
  const uint32_t trigger = take_due_trigger();
  if (trigger != 0) take(trigger);
}

void leave_companion_to_parent() {
  runtimes.ask = nullptr;
  g_round.has_timer = false;
  g_round.trigger.store(0, std::memory_order_relaxed);
  g_round.again.store(0, std::memory_order_relaxed);
}

}  // namespace silt::snapshot
