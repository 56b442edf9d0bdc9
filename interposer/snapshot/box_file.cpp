// SPDX-License-Identifier: Apache-2.0
//
// See box_file.h.

#include "interposer/snapshot/box_file.h"

#include <signal.h>
#include <sys/syscall.h>

#include <atomic>
#include <cerrno>

#include "interposer/base/black_box.h"
#include "interposer/base/blocked_signals.h"
#include "interposer/base/chained_handler.h"
#include "interposer/base/log.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/format/snapshot.h"
#include "interposer/snapshot/kernel_file.h"
#include "interposer/snapshot/out_folder.h"
#include "interposer/snapshot/process_info.h"
#include "interposer/snapshot/recording_folder.h"
#include "interposer/snapshot/signals.h"
#include "interposer/snapshot/slot.h"
#include "interposer/snapshot/taking.h"
#include "interposer/snapshot/trigger.h"
#include "interposer/snapshot/way_in.h"
#include "interposer/track/box_threads.h"
#include "interposer/track/recorder.h"
#include "interposer/track/waking.h"

namespace silt::snapshot {
namespace {

using base::black_box;
using track::recorder;

constinit const char* g_allocator = "";
constinit std::atomic<uint64_t> g_next_word{0};  // ticks

// Some twenty-five milliseconds: a time of death need not be told more exactly.
constexpr uint64_t kTicksBetweenWords = uint64_t{1} << 26;

// A thread's name changes seldom, mostly soon after it began. Some milliseconds: the time between
// two looks of a thread that allocates much.
constexpr uint64_t kTicksBetweenNames = uint64_t{1} << 22;

void tell_own_name(uint64_t now) {
  track::ThreadState* const state = track::thread_local_part.state;
  if (state == nullptr || now - state->named_at < kTicksBetweenNames) return;
  state->named_at = now;
  track::tell_box_of_owner(*state);
}

void complain(const char* what, const char* reason) {
  base::TextBuffer<640> line;
  line.add("no black box: ").add(what).add(" '").add(out_folder()).add("': ").add(reason);
  base::log(base::LogLevel::kWarn, line.c_str());
}

void say_at_work(format::BoxHeader* header) {
  header->seen_realtime_ns = realtime_ns();
  header->seen_elapsed_ns = monotonic_ns() - process_info.start_monotonic_ns;
  header->rss_bytes = resident_now();
  header->sampling_interval_bytes = recorder.sample_interval_bytes.load(std::memory_order_relaxed);
  if (recorder.fell_back.load(std::memory_order_relaxed)) {
    header->meta_flags |= format::kFlagCapFallback;
  }
}

void describe(format::BoxHeader* header) {
  header->pid = static_cast<uint32_t>(base::system_call(SYS_getpid));
  header->parent_pid = static_cast<uint32_t>(base::system_call(SYS_getppid));
  header->meta_flags = recording_flags();
  header->start_realtime_ns = process_info.start_realtime_ns;
  header->memory_limit_bytes = memory_limit();
  say_at_work(header);
  base::TextWriter(header->program, sizeof(header->program)).add(process_info.program);
  base::TextWriter(header->executable, sizeof(header->executable)).add(process_info.executable);
  base::TextWriter(header->command, sizeof(header->command)).add(process_info.command);
  base::TextWriter(header->working_directory, sizeof(header->working_directory))
      .add(process_info.working_directory);
  base::TextWriter(header->allocator, sizeof(header->allocator)).add(g_allocator);
}

// The next snapshot makes another one.
void leave_empty_recording() {
  remove_recording_without_snapshots();
  if (!recording_has_snapshots()) begin_recording_anew();
}

bool open_box() {
  const char* what = "";
  const long folder = open_recording(&what);
  if (folder < 0) {
    complain(what, base::error_text(static_cast<int>(-folder)));
    return false;
  }
  const long result = black_box.open(static_cast<int>(folder), recording_path());
  close_file(static_cast<int>(folder));
  if (result != 0) {
    complain("cannot make it in", base::error_text(static_cast<int>(-result)));
    leave_empty_recording();
    return false;
  }
  describe(black_box.header());
  black_box.header()->threads_told = format::kBoxThreads;
  return true;
}

// Somebody has truncated the file. Counts of what was in it would be wrong from here on.
void on_bus(int number, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  if (info->si_code > 0 && black_box.replace_lost(info->si_addr)) {
    if (!track::is_asleep()) {
      track::fall_asleep();
      show_lost_box();
      base::log(base::LogLevel::kWarn,
                "the black box was truncated by somebody: nothing more is recorded here");
    }
    errno = saved_errno;
    return;
  }
  base::ChainedHandler* const chain = base::chain_of(number);
  if (chain != nullptr && chain->has_handler()) return chain->call(number, info, context);
  if (info->si_code <= 0 && chain != nullptr && chain->ignored()) return;
  // As without silt: the fault happens again, or the signal comes again, and ends the process.
  const struct {
    const void* handler;
    uint64_t flags;
    const void* restorer;
    uint64_t mask;
  } ends{};
  base::system_call(SYS_rt_sigaction, number, reinterpret_cast<long>(&ends), 0, sizeof(ends.mask));
  if (info->si_code <= 0) {
    base::system_call(SYS_tgkill, base::system_call(SYS_getpid), base::system_call(SYS_gettid),
                      number);
  }
  errno = saved_errno;
}

// An exec: what the process was is over. One that fails leaves it without a box.
void become_another(bool other) {
  if (!black_box.is_open() || !owns_tables() || track::is_unbegun_copy()) return;
  if (other) {
    end_box();
    leave_empty_recording();
  } else {
    base::log(base::LogLevel::kInfo, "an exec failed: the process goes on without a black box");
  }
}

}  // namespace

void start_box(const char* allocator) {
  g_allocator = allocator;
  if (!open_box()) return;
  if (!track::wipe_in_copies()) {
    end_box();
    black_box.leave();
    leave_empty_recording();
    base::log(base::LogLevel::kWarn,
              "no black box: the kernel cannot keep it from being shared with forked children "
              "(Linux 4.14 can)");
    return;
  }
  if (!claim_faults(on_bus)) {
    base::log(base::LogLevel::kWarn,
              "SIGBUS could not be claimed: who truncates the black box ends the process");
  }
  recorder.keep_in_box = true;
  recorder.begin_in_copy = begin_in_copy;
  recorder.leave_to_parent = leave_box_to_parent;
  recorder.becomes_another = become_another;
}

void tell_box() {
  format::BoxHeader* const header = black_box.header();
  if (header == nullptr) return;
  const uint64_t now = base::ticks();
  tell_own_name(now);
  uint64_t due = g_next_word.load(std::memory_order_relaxed);
  if (now < due || !g_next_word.compare_exchange_strong(due, now + kTicksBetweenWords,
                                                        std::memory_order_relaxed)) {
    return;
  }
  say_at_work(header);
}

void tell_box_of_snapshot(uint32_t sequence, uint32_t generation) {
  format::BoxHeader* const header = black_box.header();
  if (header == nullptr) return;
  header->sequence = sequence;
  header->generation = generation;
  say_at_work(header);  // not before that snapshot
}

void end_box() {
  // In a copy that a raw clone made the box is the parent's until it begins.
  if (!track::is_unbegun_copy()) black_box.remove_file();
}

void leave_box_to_parent() { black_box.leave(); }

void begin_in_copy() {
  if (!owns_tables()) return;
  const base::BlockedSignals blocked;
  if (!slot.try_take()) return;  // a snapshot that finds the copy unbegun begins it itself
  slot.run([] {
    const uint64_t interval = recorder.sample_interval_bytes.load(std::memory_order_relaxed);
    black_box.leave();
    if (!records_children()) return track::fall_asleep();
    recorder.keep_in_box = open_box();
    track::begin_in_copy(interval);
    track::ThreadState* const own = track::thread_local_part.state;
    if (own != nullptr) track::tell_box_of_owner(*own);
  });
  slot.give_back();
}

}  // namespace silt::snapshot
