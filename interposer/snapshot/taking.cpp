// SPDX-License-Identifier: Apache-2.0
//
// See taking.h.

#include "interposer/snapshot/taking.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>

#include <atomic>
#include <cerrno>

#include "interposer/base/black_box.h"
#include "interposer/base/blocked_signals.h"
#include "interposer/base/log.h"
#include "interposer/base/sandbox.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/format/snapshot.h"
#include "interposer/snapshot/box_file.h"
#include "interposer/snapshot/companion.h"
#include "interposer/snapshot/heap_wish.h"
#include "interposer/snapshot/jit_map.h"
#include "interposer/snapshot/kernel_file.h"
#include "interposer/snapshot/out_folder.h"
#include "interposer/snapshot/owners_wish.h"
#include "interposer/snapshot/process_info.h"
#include "interposer/snapshot/recording_folder.h"
#include "interposer/snapshot/runtimes.h"
#include "interposer/snapshot/series.h"
#include "interposer/snapshot/size_watch.h"
#include "interposer/snapshot/slot.h"
#include "interposer/snapshot/thinning.h"
#include "interposer/snapshot/wanted.h"
#include "interposer/snapshot/writer.h"
#include "interposer/track/recorder.h"

namespace silt::snapshot {
namespace {

using format::Trigger;
using track::recorder;

struct State {
  uint32_t next_sequence;
  uint32_t flags;
  uint64_t snapshot_nanoseconds;
  uint64_t snapshots_failed;
  bool complained;
};
constinit State g_state{};
constinit Thinning g_thinning{};
constinit Series g_series{};
constinit char g_line[1000]{};

void file_name(base::TextWriter& name, uint32_t sequence, bool temporary) {
  if (temporary) name.add('.');
  name.add_decimal(sequence, 3).add(temporary ? ".silt.tmp" : ".silt");
}

// What SILT_KEEP has no room for. One that is not there any more (somebody else thins too, or the
// recording goes on in another folder) is no matter.
void remove_thinned(int folder) {
  const uint32_t victim = g_thinning.add(
      g_state.next_sequence, monotonic_ns() - process_info.start_monotonic_ns, g_series.needed());
  if (victim == Thinning::kNone) return;
  base::TextBuffer<32> name;
  file_name(name, victim, false);
  base::system_call(SYS_unlinkat, folder, reinterpret_cast<long>(name.c_str()), 0);
}

// A recording may go on in another folder, and files are anybody's to remove.
void forget_lost_base(int folder) {
  const uint32_t number = g_series.base_number();
  if (number == Series::kNone) return;
  base::TextBuffer<32> name;
  file_name(name, number, false);
  constexpr int kReadOnly = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
  const long fd = open_file(folder, name.c_str(), kReadOnly);
  if (fd < 0) {
    g_series.forget();
  } else {
    close_file(static_cast<int>(fd));
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
  const Wanted wanted = take_wanted();
  const bool with_owners = wanted.owners != OwnersSearch::kNo;
  const OwnersRequest owners{at,
                             temporary.c_str(),
                             final_name.c_str(),
                             slot.program_frame(),
                             slot.stack_end(),
                             process_ends,
                             wanted.owners == OwnersSearch::kIfSmall,
                             nullptr,
                             0,
                             0,
                             0};
  forget_lost_base(at);
  const SnapshotFacts facts{g_state.next_sequence,
                            trigger,
                            g_state.flags,
                            g_state.snapshot_nanoseconds,
                            g_state.snapshots_failed,
                            g_thinning.active() ? &g_series : nullptr,
                            with_owners ? &owners : nullptr};
  long result = write_snapshot(static_cast<int>(fd), facts);
  close_file(static_cast<int>(fd));
  if (result == 0 && base::black_box.is_lost()) {
    *what =
        "the black box was truncated by somebody, so nothing is recorded any more (start it again)";
    result = -EIO;
  }
  if (result == 0) {
    if (runtimes.write_names == nullptr || !runtimes.write_names(at)) copy_jit_map(at);
    result = base::system_call(SYS_renameat, at, reinterpret_cast<long>(temporary.c_str()), at,
                               reinterpret_cast<long>(final_name.c_str()));
  }
  if (result != 0) remove_temporary();
  g_series.settle(result == 0);
  if (result == 0) remove_thinned(at);
  if (result == 0 && wanted.heap && !process_ends) {
    begin_heap({at, recording_path(), g_state.next_sequence, wanted.heap_thread});
  }
  close_file(at);
  if (with_owners && process_ends && owners_wish.await != nullptr) owners_wish.await();
  return result;
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

void take_anew() {
  g_thinning.clear();
  g_series.forget();
  g_state.next_sequence = 0;
  g_state.snapshot_nanoseconds = 0;
  g_state.snapshots_failed = 0;
  g_state.complained = false;
  recorder.generation.store(0, std::memory_order_relaxed);
}

}  // namespace

void start_taking(uint32_t flags, bool folder_known_bad, uint32_t keep) {
  if (keep != 0 && g_thinning.keep(keep)) flags |= format::kFlagThinned;
  g_series.set_longest_chain(g_thinning.longest_chain());
  g_state.flags = flags;
  g_state.complained = folder_known_bad;
}

bool take_one(uint32_t trigger) {
  const base::SwallowedSignal too_large(SIGXFSZ);
  const uint64_t begin = monotonic_ns();
  const char* what = "";
  const long result = write_one(trigger, &what);
  g_state.snapshot_nanoseconds += monotonic_ns() - begin;
  const uint32_t sequence = g_state.next_sequence;
  if (result == 0) {
    g_state.complained = false;
    ++g_state.next_sequence;
    size_watch.note_taken();
    recorder.generation.store(format::generation_code(g_state.next_sequence),
                              std::memory_order_relaxed);
    tell_box_of_snapshot(g_state.next_sequence, format::generation_code(g_state.next_sequence));
    if (base::log_enabled(base::LogLevel::kInfo)) {
      base::TextWriter line(g_line, sizeof(g_line));
      line.add("snapshot ").add(recording_path()).add('/');
      line.add_decimal(sequence, 3).add(".silt");
      base::log(base::LogLevel::kInfo, line.c_str());
    }
  } else {
    ++g_state.snapshots_failed;
    if (!g_state.complained && !base::black_box.is_lost()) {  // once for each spell of failures
      g_state.complained = true;
      base::TextWriter line(g_line, sizeof(g_line));
      line.add(what).add(" '").add(recording_path()[0] == '\0' ? out_folder() : recording_path());
      line.add("': ").add(base::error_text(static_cast<int>(-result)));
      line.add(advice(static_cast<int>(-result)));
      base::log(base::LogLevel::kWarn, line.c_str());
    }
  }
  publish(sequence, static_cast<int>(-result), what);
  return result == 0;
}

uint32_t recording_flags() { return g_state.flags; }

bool last_one_failed() { return g_state.complained; }

void take_anew_when_armed() {
  take_anew();
  g_state.flags |= format::kFlagArmed;
  g_state.flags &= ~uint32_t{format::kFlagForkChild};  // of its parent's blocks none is known
}

void take_anew_in_child() {
  take_anew();
  // With a black box it begins with empty tables instead.
  if (!recorder.wiped_in_copies) g_state.flags |= format::kFlagForkChild;
}

}  // namespace silt::snapshot
