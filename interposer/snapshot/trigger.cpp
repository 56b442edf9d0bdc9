// SPDX-License-Identifier: Apache-2.0
//
// See trigger.h. Signal context.

#include "interposer/snapshot/trigger.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>

#include <atomic>
#include <cerrno>

#include "interposer/base/arch.h"
#include "interposer/base/blocked_signals.h"
#include "interposer/base/chained_handler.h"
#include "interposer/base/log.h"
#include "interposer/base/own_stack.h"
#include "interposer/base/process_identity.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/format/control.h"
#include "interposer/format/snapshot.h"
#include "interposer/snapshot/companion.h"
#include "interposer/snapshot/heap_wish.h"
#include "interposer/snapshot/jit_map.h"
#include "interposer/snapshot/kernel_file.h"
#include "interposer/snapshot/out_folder.h"
#include "interposer/snapshot/owners_wish.h"
#include "interposer/snapshot/process_info.h"
#include "interposer/snapshot/recording_folder.h"
#include "interposer/snapshot/runtimes.h"
#include "interposer/snapshot/way_in.h"
#include "interposer/snapshot/writer.h"
#include "interposer/track/folding.h"
#include "interposer/track/recorder.h"

namespace silt::snapshot {
namespace {

using format::Trigger;
using track::recorder;

struct State {
  std::atomic<bool> slot;                 // held by the thread that takes a snapshot
  std::atomic<uint32_t> requested;        // trigger asked for while the slot was held, 0: none
  std::atomic<uint64_t> next_period_ns;   // monotonic
  std::atomic<uint64_t> next_clock_look;  // ticks
  std::atomic<int32_t> process;           // whose tables these are; another pid is a vfork child
  std::atomic<bool> begun;                // there is something to take a snapshot of
  std::atomic<uint32_t> early;            // trigger asked for before that, 0: none
  std::atomic<bool> owners_wanted;        // the next snapshot says who keeps the blocks
  std::atomic<uint64_t> heap_wanted;      // it is followed by this thread's managed heap, and 1
  uint32_t next_sequence;
  uint32_t flags;
  uint64_t snapshot_nanoseconds;
  uint64_t snapshots_failed;
  bool complained;
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

// Under the slot: handlers run on small stacks.
constinit base::OwnStack<size_t{64} * 1024> g_stack{};
constinit uint64_t g_stack_pointer = 0;  // of the program, while it is in use
constinit char g_line[1000]{};

void file_name(base::TextWriter& name, uint32_t sequence, bool temporary) {
  if (temporary) name.add('.');
  name.add_decimal(sequence, 3).add(temporary ? ".silt.tmp" : ".silt");
}

void note(const Asked& asked) {
  if (asked.owners) g_state.owners_wanted.store(true, std::memory_order_release);
  if (asked.heap) {
    g_state.heap_wanted.store(uint64_t{asked.heap_thread} + 1, std::memory_order_release);
  }
}

// 0 or -errno; *what says which step failed.
long write_one(uint32_t trigger, const char** what) {
  const long folder = open_recording(what, trigger == static_cast<uint32_t>(Trigger::kExit));
  if (folder < 0) return folder;
  const auto at = static_cast<int>(folder);
  base::TextBuffer<32> temporary;
  base::TextBuffer<32> final_name;
  file_name(temporary, g_state.next_sequence, true);
  file_name(final_name, g_state.next_sequence, false);
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  *what = "cannot make a snapshot file";
  long fd = open_file(at, temporary.c_str(), kFlags, 0600);
  const auto remove_temporary = [&] {
    base::system_call(SYS_unlinkat, at, reinterpret_cast<long>(temporary.c_str()), 0);
  };
  if (fd == -EEXIST) {  // of a process that was killed while it wrote
    remove_temporary();
    fd = open_file(at, temporary.c_str(), kFlags, 0600);
  }
  if (fd < 0) {
    close_file(at);
    return fd;
  }
  *what = "cannot write the snapshot";
  const bool process_ends = trigger == static_cast<uint32_t>(Trigger::kExit);
  const OwnersRequest owners{at,
                             temporary.c_str(),
                             final_name.c_str(),
                             g_stack_pointer,
                             reinterpret_cast<uint64_t>(&g_stack) + sizeof(g_stack),
                             process_ends,
                             nullptr,
                             0,
                             0};
  const bool wanted = g_state.owners_wanted.exchange(false, std::memory_order_acq_rel);
  const uint64_t heap = g_state.heap_wanted.exchange(0, std::memory_order_acq_rel);
  const SnapshotFacts facts{g_state.next_sequence,
                            trigger,
                            g_state.flags,
                            g_state.snapshot_nanoseconds,
                            g_state.snapshots_failed,
                            wanted ? &owners : nullptr};
  long result = write_snapshot(static_cast<int>(fd), facts);
  close_file(static_cast<int>(fd));
  if (result == 0) {
    if (runtimes.write_names == nullptr || !runtimes.write_names(at)) copy_jit_map(at);
    result = base::system_call(SYS_renameat, at, reinterpret_cast<long>(temporary.c_str()), at,
                               reinterpret_cast<long>(final_name.c_str()));
  }
  if (result != 0) remove_temporary();
  if (result == 0 && heap != 0 && !process_ends) {
    begin_heap({at, recording_path(), g_state.next_sequence, static_cast<uint32_t>(heap - 1)});
  }
  close_file(at);
  if (wanted && process_ends && owners_wish.await != nullptr) owners_wish.await();
  return result;
}

// Snapshots of a large heap may take longer than the period asked for; the program would then do
// little else. It gets at least four fifths of the time.
void leave_time_to_work(uint64_t now, uint64_t cost_ns) {
  const uint64_t earliest = now + 4 * cost_ns;
  if (g_state.next_period_ns.load(std::memory_order_relaxed) < earliest) {
    g_state.next_period_ns.store(earliest, std::memory_order_relaxed);
  }
}

const char* advice(int error) {
  switch (error) {
    case EACCES:
    case EROFS:
    case ENOENT:
    case ENOTDIR:
    case ENOSPC:
    case EDQUOT:
    case ELOOP:
      return "; set SILT_OUT to a folder that can be written";
    case EPERM:
      return base::sandbox.active() ? ": the program forbade itself what it takes (seccomp)" : "";
    default:
      return "";
  }
}

void take_with_room(uint32_t trigger) {
  const base::SwallowedSignal too_large(SIGXFSZ);
  const uint64_t begin = monotonic_ns();
  const char* what = "";
  const long result = write_one(trigger, &what);
  const uint64_t end = monotonic_ns();
  g_state.snapshot_nanoseconds += end - begin;
  leave_time_to_work(end, end - begin);
  const uint32_t sequence = g_state.next_sequence;
  if (result == 0) {
    g_state.complained = false;
    ++g_state.next_sequence;
    recorder.generation.store(format::generation_code(g_state.next_sequence),
                              std::memory_order_relaxed);
    if (base::log_enabled(base::LogLevel::kInfo)) {
      base::TextWriter line(g_line, sizeof(g_line));
      line.add("snapshot ").add(recording_path()).add('/');
      line.add_decimal(sequence, 3).add(".silt");
      base::log(base::LogLevel::kInfo, line.c_str());
    }
  } else {
    ++g_state.snapshots_failed;
    if (!g_state.complained) {  // once for each spell of failures
      g_state.complained = true;
      base::TextWriter line(g_line, sizeof(g_line));
      line.add(what).add(" '").add(recording_path()[0] == '\0' ? out_folder() : recording_path());
      line.add("': ").add(base::error_text(static_cast<int>(-result)));
      line.add(advice(static_cast<int>(-result)));
      base::log(base::LogLevel::kWarn, line.c_str());
    }
  }
  publish(sequence, static_cast<int>(-result), what);
}

void take_holding_slot(uint32_t trigger) {
  g_stack_pointer = reinterpret_cast<uint64_t>(__builtin_frame_address(0));
  g_stack.run([=] { take_with_room(trigger); });
}

bool is_dump_request(const siginfo_t& info) {
  if (info.si_code != SI_QUEUE) return false;
  const auto cookie = static_cast<uint32_t>(info.si_value.sival_int);
  note({cookie == format::kOwnersCookie, cookie == format::kHeapCookie, 0});
  return cookie == format::kDumpCookie || cookie == format::kOwnersCookie ||
         cookie == format::kHeapCookie;
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
  // What the snapshot itself might cause (nothing today) is not the program's.
  const track::Mode mode = local.mode;
  local.mode = track::Mode::kOff;
  take(trigger);
  local.mode = mode;
}

void on_signal(int number, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  if (is_round_signal(*info)) {
    const uint32_t due = take_due_trigger();
    if (due != 0) take_or_leave_pending(due);
    errno = saved_errno;
    return;
  }
  if (is_dump_request(*info)) {
    take_or_leave_pending(static_cast<uint32_t>(Trigger::kDump));
    errno = saved_errno;
    return;
  }
  base::ChainedHandler* const chain = base::chain_of(number);
  if (chain == nullptr) return;  // given up at this very moment
  if (chain->has_handler()) return chain->call(number, info, context);
  // A plain one of the tool's signal means nothing; of SILT_SIGNAL it asks for a snapshot, unless
  // the program said that it does not want to hear of it.
  if (chain == &base::chained_handler && !chain->ignored()) {
    take_or_leave_pending(static_cast<uint32_t>(Trigger::kSignal));
  }
  errno = saved_errno;
}

bool answer_waited_for(const siginfo_t& info) {
  if (is_round_signal(info)) {
    const uint32_t due = take_due_trigger();
    if (due != 0) take_or_leave_pending(due);
    return true;
  }
  if (!is_dump_request(info)) return false;
  take_or_leave_pending(static_cast<uint32_t>(Trigger::kDump));
  return true;
}

void leave_pending(uint32_t trigger) {
  track::thread_local_part.pending.store(trigger, std::memory_order_relaxed);
}

void look_at_clock() {
  const uint64_t ticks = base::ticks();
  if (ticks < g_state.next_clock_look.load(std::memory_order_relaxed)) return;
  g_state.next_clock_look.store(ticks + kTicksBetweenClockLooks, std::memory_order_relaxed);
  uint64_t due = g_state.next_period_ns.load(std::memory_order_relaxed);
  const uint64_t now = monotonic_ns();
  if (now < due) return;
  if (g_state.next_period_ns.compare_exchange_strong(due, now + recorder.every_nanoseconds,
                                                     std::memory_order_relaxed)) {
    leave_pending(static_cast<uint32_t>(Trigger::kPeriod));
  }
}

void tick() {
  const uint32_t overdue = take_overdue_trigger();
  if (overdue != 0) return leave_pending(overdue);
  Asked asked;
  if (was_asked(&asked)) {
    note(asked);
    return leave_pending(static_cast<uint32_t>(Trigger::kDump));
  }
  if (owners_wish.clear_up != nullptr) owners_wish.clear_up();
  if (recorder.every_nanoseconds != 0) look_at_clock();
  if (track::folding.due()) {
    // Whatever else is to be done comes first: the next slice will be due soon.
    uint32_t nothing = 0;
    track::thread_local_part.pending.compare_exchange_strong(nothing, kFold,
                                                             std::memory_order_relaxed);
  }
}

void fold_unless_busy() {
  const base::BlockedSignals blocked;
  if (g_state.slot.exchange(true, std::memory_order_acquire)) return;
  g_stack.run([] { track::folding.slice(track::thread_local_part.state); });
  g_state.slot.store(false, std::memory_order_release);
}

// False in a child that shares its parent's memory: the tables, and perhaps a snapshot under way,
// are the parent's.
bool tables_are_ours() {
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

// Keeps what was handled before. An inherited SIG_IGN (nohup, a shell's background job) is nobody's
// wish; one that a library's constructor has set is.
bool claim(base::ChainedHandler& chain, int number) {
  struct sigaction previous {};
  if (sigaction(number, nullptr, &previous) != 0) return false;
  if (previous.sa_handler == SIG_IGN && !base::wish_was_noted(number)) previous = {};
  struct sigaction ours {};
  ours.sa_sigaction = on_signal;
  base::adopt_wish(&ours, previous);
  chain.exchange(&previous);
  if (sigaction(number, &ours, nullptr) != 0) return false;
  chain.claim(number, previous);
  return true;
}

// Whoever finds the slot free serves what is requested; the loop closes the gap between the last
// look at `requested` and giving the slot back.
void serve_requested() {
  while (g_state.requested.load(std::memory_order_acquire) != 0) {
    const base::BlockedSignals blocked;  // a handler that never came back would keep the slot
    if (g_state.slot.exchange(true, std::memory_order_acquire)) return;
    const uint32_t wanted = g_state.requested.exchange(0, std::memory_order_acq_rel);
    if (wanted != 0) take_holding_slot(wanted);
    g_state.slot.store(false, std::memory_order_release);
  }
}

}  // namespace

bool claim_signals(int signal_number) {
  if (signal_number == 0) return true;
  if (!claim(base::chained_handler, signal_number)) return false;
  return signal_number == format::kAskingSignal ||
         claim(base::asking_handler, format::kAskingSignal);
}

void install(const Wishes& wishes) {
  g_state.flags = wishes.flags;
  g_state.at_exit = wishes.at_exit;
  g_state.children = wishes.children;
  g_state.owners_at_exit = wishes.owners_at_exit;
  g_state.complained = wishes.folder_known_bad;
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

void take(uint32_t trigger) {
  base::touch_stack();
  if (g_state.off || !tables_are_ours() || g_state.off) return;
  if (trigger == kFold) {
    fold_unless_busy();
  } else {
    Asked asked;
    if (trigger == static_cast<uint32_t>(Trigger::kDump)) settle_request(&asked);
    note(asked);
    if (waits_for_companion(trigger)) return;
    g_state.requested.store(trigger & ~kAnswered, std::memory_order_release);
  }
  serve_requested();
  const uint32_t again = take_repeated_trigger();
  if (again != 0) take(again);
}

bool between_snapshots(uint64_t patience_ns, void (*work)(void*), void* argument) {
  constexpr long kBetweenLooks = 200'000;
  if (g_state.off || !tables_are_ours() || g_state.off) return false;
  const uint64_t end = monotonic_ns() + patience_ns;
  base::touch_stack();
  for (bool done = false; !done;) {
    {
      const base::BlockedSignals blocked;
      if (!g_state.slot.exchange(true, std::memory_order_acquire)) {
        work(argument);
        g_state.slot.store(false, std::memory_order_release);
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
  if (g_state.off || !tables_are_ours() || g_state.last_taken) return;
  // Another thread may be taking one; this is the last word, so wait for it, but not for ever.
  constexpr unsigned kAttempts = 1u << 22;
  for (unsigned i = 0; g_state.slot.load(std::memory_order_acquire) && i < kAttempts; ++i) {
    arch::pause();
    if (i % 64 == 63) base::system_call(SYS_sched_yield);
  }
  if (g_state.owners_at_exit) g_state.owners_wanted.store(true, std::memory_order_release);
  if (g_state.at_exit) take(static_cast<uint32_t>(Trigger::kExit));
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
  g_state.slot.store(false, std::memory_order_relaxed);
  g_state.requested.store(0, std::memory_order_relaxed);
  g_state.owners_wanted.store(false, std::memory_order_relaxed);
  g_state.heap_wanted.store(0, std::memory_order_relaxed);
  if (owners_wish.leave_to_parent != nullptr) owners_wish.leave_to_parent();
  g_state.flags |= format::kFlagForkChild;
  g_state.next_sequence = 0;
  g_state.snapshot_nanoseconds = 0;
  g_state.snapshots_failed = 0;
  g_state.complained = false;
  process_info.start_realtime_ns = realtime_ns();
  process_info.start_monotonic_ns = monotonic_ns();
  process_info.start_ticks = base::ticks();
  leave_recording_to_parent();
  if (!g_state.children) {
    g_state.off = true;
    show_left_out();
  }
  leave_requests_to_parent(g_state.off);
  leave_companion_to_parent();
  if (runtimes.leave_to_parent != nullptr) runtimes.leave_to_parent();
  recorder.generation.store(0, std::memory_order_relaxed);
}

}  // namespace silt::snapshot
