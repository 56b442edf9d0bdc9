// SPDX-License-Identifier: Apache-2.0
//
// See arming.h.

#include "interposer/snapshot/arming.h"

#include <sys/syscall.h>
#include <time.h>

#include <atomic>

#include "interposer/base/log.h"
#include "interposer/base/system_call.h"
#include "interposer/format/control.h"
#include "interposer/format/snapshot.h"
#include "interposer/snapshot/process_info.h"
#include "interposer/snapshot/recording_folder.h"
#include "interposer/snapshot/runtimes.h"
#include "interposer/snapshot/taking.h"
#include "interposer/snapshot/way_in.h"
#include "interposer/track/recorder.h"
#include "interposer/track/waking.h"

namespace silt::snapshot {
namespace {

constinit uint64_t g_own_interval = 0;
constinit std::atomic<uint32_t> g_order{0};
constinit std::atomic<uint64_t> g_sleep_due_ns{0};

// A thread that was in the middle of a hook when the process fell asleep is out of it within
// microseconds of its own time. One that has lost the processor there gets a moment; who waits is
// the thread that took the signal. A block that comes later still is one too many in the books.
void await_sound_sleep() {
  constexpr int kLooks = 20;
  constexpr long kBetweenLooks = 1'000'000;
  for (int i = 0; i < kLooks && !track::sleeps_soundly(); ++i) {
    const struct timespec pause { 0, kBetweenLooks };
    base::system_call(SYS_nanosleep, reinterpret_cast<long>(&pause), 0);
  }
}

void fall_asleep() {
  g_sleep_due_ns.store(0, std::memory_order_relaxed);
  track::fall_asleep();
  if (runtimes.sleep != nullptr) runtimes.sleep(true);
  track::forget_recorded();
  begin_recording_anew();
  show_sleep();
}

}  // namespace

void prepare_arming(uint64_t sample_bytes) { g_own_interval = sample_bytes; }

void order_arming(uint32_t order) { g_order.store(order, std::memory_order_release); }

void arm() {
  if (!track::is_asleep()) return;
  const format::ArmOrder order = format::unpacked_order(g_order.load(std::memory_order_acquire));
  await_sound_sleep();
  track::forget_recorded();
  take_anew_when_armed();
  const uint64_t now = monotonic_ns();
  const uint64_t since_start = now - process_info.start_monotonic_ns;
  process_info.armed_seconds = static_cast<uint32_t>(since_start / 1'000'000'000);
  const uint64_t seconds = order.seconds;
  g_sleep_due_ns.store(seconds == 0 ? 0 : now + seconds * 1'000'000'000, std::memory_order_relaxed);
  track::wake_up(order.own_interval ? g_own_interval : order.sample_bytes);
  if (runtimes.sleep != nullptr) runtimes.sleep(false);
  show_sleep();
  // Who asked is told by it that the process is armed. A recording that cannot be written would
  // cost and say nothing.
  if (!take_one(static_cast<uint32_t>(format::Trigger::kDump))) return fall_asleep();
  base::log(base::LogLevel::kInfo, "armed");
}

void disarm() {
  if (track::is_asleep()) return;
  take_one(static_cast<uint32_t>(format::Trigger::kDump));
  fall_asleep();
  base::log(base::LogLevel::kInfo, "asleep");
}

uint64_t sleep_due_ns() { return g_sleep_due_ns.load(std::memory_order_relaxed); }

}  // namespace silt::snapshot
