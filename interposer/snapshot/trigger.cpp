// SPDX-License-Identifier: Apache-2.0
//
// See trigger.h. Signal context.

#include "interposer/snapshot/trigger.h"

#include <sys/syscall.h>
#include <time.h>

#include <atomic>

#include "interposer/base/arch.h"
#include "interposer/base/blocked_signals.h"
#include "interposer/base/chained_handler.h"
#include "interposer/base/log.h"
#include "interposer/base/process_identity.h"
#include "interposer/base/system_call.h"
#include "interposer/format/control.h"
#include "interposer/format/snapshot.h"
#include "interposer/snapshot/arming.h"
#include "interposer/snapshot/box_file.h"
#include "interposer/snapshot/companion.h"
#include "interposer/snapshot/owners_wish.h"
#include "interposer/snapshot/process_info.h"
#include "interposer/snapshot/recording_folder.h"
#include "interposer/snapshot/runtimes.h"
#include "interposer/snapshot/signals.h"
#include "interposer/snapshot/size_watch.h"
#include "interposer/snapshot/slot.h"
#include "interposer/snapshot/taking.h"
#include "interposer/snapshot/wanted.h"
#include "interposer/snapshot/way_in.h"
#include "interposer/track/folding.h"
#include "interposer/track/recorder.h"
#include "interposer/track/waking.h"

namespace silt::snapshot {
namespace {

using format::Trigger;
using track::recorder;

struct State {
  std::atomic<uint32_t> requested;        // trigger asked for while the slot was held, 0: none
  std::atomic<uint64_t> next_period_ns;   // monotonic
  std::atomic<uint64_t> next_clock_look;  // ticks
  std::atomic<int32_t> process;           // whose tables these are; another pid is a vfork child
  std::atomic<bool> begun;                // there is something to take a snapshot of
  std::atomic<uint32_t> early;            // trigger asked for before that, 0: none
  bool at_exit;
  bool children;
  bool off;
  bool owners_at_exit;
  bool last_taken;  // what comes after it is the program's own clearing up
};
constinit State g_state{};

// Not a trigger of a snapshot: stacks are to be folded.
constexpr uint32_t kFold = 0x200;
constexpr uint64_t kTicksBetweenClockLooks = uint64_t{1} << 18;  // about a tenth of a millisecond

// Snapshots of a large heap may take longer than the period asked for; the program would then do
// little else. It gets at least four fifths of the time.
void leave_time_to_work(uint64_t now, uint64_t cost_ns) {
  const uint64_t earliest = now + 4 * cost_ns;
  if (g_state.next_period_ns.load(std::memory_order_relaxed) < earliest) {
    g_state.next_period_ns.store(earliest, std::memory_order_relaxed);
  }
  size_watch.not_before(earliest);
}

void take_holding_slot(uint32_t trigger) {
  const uint64_t begin = monotonic_ns();
  slot.run([=] {
    if (trigger == kArm)
      arm();
    else if (trigger == kDisarm)
      disarm();
    else if (!track::is_asleep())
      take_one(trigger);
  });
  const uint64_t end = monotonic_ns();
  if (trigger == kArm) {  // periods begin now
    g_state.next_period_ns.store(end + recorder.every_nanoseconds, std::memory_order_relaxed);
  }
  leave_time_to_work(end, end - begin);
}

void leave_pending(uint32_t trigger) {
  track::thread_local_part.pending.store(trigger, std::memory_order_relaxed);
}

void look_at_clock() {
  const uint64_t ticks = base::ticks();
  if (ticks < g_state.next_clock_look.load(std::memory_order_relaxed)) return;
  g_state.next_clock_look.store(ticks + kTicksBetweenClockLooks, std::memory_order_relaxed);
  const uint64_t now = monotonic_ns();
  const uint64_t sleep_due = sleep_due_ns();
  if (sleep_due != 0 && now >= sleep_due) return leave_pending(kDisarm);
  uint64_t due = g_state.next_period_ns.load(std::memory_order_relaxed);
  if (recorder.every_nanoseconds == 0 || now < due) return;
  if (g_state.next_period_ns.compare_exchange_strong(due, now + recorder.every_nanoseconds,
                                                     std::memory_order_relaxed)) {
    leave_pending(static_cast<uint32_t>(Trigger::kPeriod));
  }
}

void tick() {
  const uint32_t overdue = take_overdue_trigger();
  if (overdue != 0) return leave_pending(overdue);
  Wanted wanted;
  if (was_asked(&wanted)) {
    want(wanted);
    return leave_pending(static_cast<uint32_t>(Trigger::kDump));
  }
  if (owners_wish.clear_up != nullptr) owners_wish.clear_up();
  tell_box();
  if (recorder.every_nanoseconds != 0 || sleep_due_ns() != 0) look_at_clock();
  // Taken by itself, as one of SILT_EVERY is.
  if (size_watch.due()) return leave_pending(static_cast<uint32_t>(Trigger::kPeriod));
  if (track::folding.due()) {
    // Whatever else is to be done comes first: the next slice will be due soon.
    uint32_t nothing = 0;
    track::thread_local_part.pending.compare_exchange_strong(nothing, kFold,
                                                             std::memory_order_relaxed);
  }
}

void fold_unless_busy() {
  const base::BlockedSignals blocked;
  if (!slot.try_take()) return;
  slot.run([] { track::folding.slice(track::thread_local_part.state); });
  slot.give_back();
}

// Whoever finds the slot free serves what is requested; the loop closes the gap between the last
// look at `requested` and giving the slot back.
void serve_requested() {
  while (g_state.requested.load(std::memory_order_acquire) != 0) {
    const base::BlockedSignals blocked;
    if (!slot.try_take()) return;
    const uint32_t wanted = g_state.requested.exchange(0, std::memory_order_acq_rel);
    if (wanted != 0) take_holding_slot(wanted);
    slot.give_back();
  }
}

}  // namespace

// In a child that shares its parent's memory the tables, and perhaps a snapshot under way, are the
// parent's.
bool owns_tables() {
  const auto process = static_cast<int32_t>(base::system_call(SYS_getpid));
  int32_t known = g_state.process.load(std::memory_order_relaxed);
  if (known == process) return true;
  if (!base::in_own_process()) return false;
  // A copy made by a raw clone, for which no fork handler was called.
  if (g_state.process.compare_exchange_strong(known, process, std::memory_order_relaxed)) {
    start_over_in_child();
  }
  return true;
}

bool records_children() { return !g_state.off; }

void install(const Wishes& wishes) {
  start_taking(wishes.flags, wishes.folder_known_bad, wishes.keep);
  g_state.at_exit = wishes.at_exit;
  g_state.children = wishes.children;
  g_state.owners_at_exit = wishes.owners_at_exit;
  g_state.process.store(static_cast<int32_t>(base::system_call(SYS_getpid)),
                        std::memory_order_relaxed);
  if (recorder.every_nanoseconds != 0) {
    g_state.next_period_ns.store(monotonic_ns() + recorder.every_nanoseconds,
                                 std::memory_order_relaxed);
  }
  recorder.tick = tick;
  recorder.answer = answer_waited_for;
  recorder.take_snapshot = take;
  recorder.at_exit = take_at_exit;
  recorder.forbid_signals = forbid_signals;
}

void begin() {
  const bool signals = base::chained_handler.signal_number() != 0;
  open_way_in(signals ? format::kAskingSignal : 0, on_signal);
  g_state.begun.store(true, std::memory_order_seq_cst);
  const uint32_t early = g_state.early.exchange(0, std::memory_order_acq_rel);
  if (early != 0) take_or_leave_pending(early);
}

void take_or_leave_pending(uint32_t trigger) {
  if (!g_state.begun.load(std::memory_order_acquire)) {
    g_state.early.store(trigger, std::memory_order_release);
    return;
  }
  track::ThreadLocal& local = track::thread_local_part;
  if (local.mode == track::Mode::kInHook) {
    local.pending.store(trigger, std::memory_order_relaxed);
    return;
  }
  // What the snapshot itself does is not the program's.
  const track::Mode mode = local.mode;
  local.mode = track::Mode::kOff;
  take(trigger);
  local.mode = mode;
}

void take(uint32_t trigger) {
  base::touch_stack();
  if (g_state.off || !owns_tables() || g_state.off) return;
  if (track::is_unbegun_copy()) begin_in_copy();
  if (format::is_by_signal(trigger) && track::is_asleep()) {
    base::log(base::LogLevel::kWarn,
              "no snapshot was taken: asleep, as SILT_START says; 'silt arm PID' wakes it");
    return;
  }
  if (trigger == kFold) {
    fold_unless_busy();
  } else {
    Wanted wanted;
    if (trigger == static_cast<uint32_t>(Trigger::kDump)) settle_request(&wanted);
    want(wanted);
    if (trigger != kArm && !track::is_asleep() && waits_for_companion(trigger)) return;
    g_state.requested.store(trigger & ~kAnswered, std::memory_order_release);
  }
  serve_requested();
  const uint32_t again = take_repeated_trigger();
  if (again != 0) take(again);
}

bool between_snapshots(uint64_t patience_ns, void (*work)(void*), void* argument) {
  constexpr long kBetweenLooks = 200'000;
  if (g_state.off || !owns_tables() || g_state.off) return false;
  const uint64_t end = monotonic_ns() + patience_ns;
  base::touch_stack();
  for (bool done = false; !done;) {
    {
      const base::BlockedSignals blocked;
      if (slot.try_take()) {
        work(argument);
        slot.give_back();
        done = true;
      }
    }
    if (done) break;
    if (monotonic_ns() > end) return false;
    const struct timespec pause { 0, kBetweenLooks };
    base::system_call(SYS_nanosleep, reinterpret_cast<long>(&pause), 0);
  }
  serve_requested();
  return true;
}

void take_at_exit() {
  if (g_state.off || !owns_tables() || g_state.last_taken) return;
  // Another thread may be taking one; this is the last word, so wait for it, but not for ever.
  constexpr unsigned kAttempts = 1u << 22;
  for (unsigned i = 0; slot.is_taken() && i < kAttempts; ++i) {
    arch::pause();
    if (i % 64 == 63) base::system_call(SYS_sched_yield);
  }
  // A forked child that has allocated nothing yet has nothing to tell of its own.
  const bool asleep = track::is_asleep() || track::is_unbegun_copy();
  if (g_state.owners_at_exit && !asleep) want({OwnersSearch::kYes, false, 0});
  if (g_state.at_exit && !asleep) take(static_cast<uint32_t>(Trigger::kExit));
  if (!g_state.at_exit || asleep || !last_one_failed()) end_box();
  remove_recording_without_snapshots();
}

void take_before_end() {
  take_at_exit();
  g_state.last_taken = true;
}

void start_over_in_child() {
  g_state.last_taken = false;
  g_state.process.store(static_cast<int32_t>(base::system_call(SYS_getpid)),
                        std::memory_order_relaxed);
  slot.finish_fork_in_child();
  g_state.requested.store(0, std::memory_order_relaxed);
  take_wanted();
  if (owners_wish.leave_to_parent != nullptr) owners_wish.leave_to_parent();
  take_anew_in_child();
  process_info.start_realtime_ns = realtime_ns();
  process_info.start_monotonic_ns = monotonic_ns();
  process_info.start_ticks = base::ticks();
  process_info.armed_seconds = 0;
  leave_recording_to_parent();
  size_watch.note_taken();
  if (!g_state.children) {
    g_state.off = true;
    show_left_out();
  }
  leave_requests_to_parent(g_state.off);
  leave_companion_to_parent();
  if (runtimes.leave_to_parent != nullptr) runtimes.leave_to_parent();
}

}  // namespace silt::snapshot
