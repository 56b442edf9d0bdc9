// SPDX-License-Identifier: Apache-2.0
//
// See waking.h. Hook and signal context.

#include "interposer/track/waking.h"

#include <sys/mman.h>
#include <sys/syscall.h>

#include "interposer/base/system_call.h"
#include "interposer/track/folding.h"
#include "interposer/track/recorder.h"

namespace silt::track {
namespace {

constinit std::atomic<uint32_t> g_epoch_of_sleep{0};
constinit ThreadStatistics g_forgotten{};

constexpr uint64_t ThreadStatistics::*kStatistics[] = {
    &ThreadStatistics::hook_calls,    &ThreadStatistics::walks_truncated,
    &ThreadStatistics::walks_broken,  &ThreadStatistics::walks_slow,
    &ThreadStatistics::unknown_frees, &ThreadStatistics::overflowed_blocks,
    &ThreadStatistics::timed_ticks,   &ThreadStatistics::timed_calls};
static_assert(sizeof(kStatistics) / sizeof(kStatistics[0]) * sizeof(uint64_t) ==
              sizeof(ThreadStatistics));

ThreadStatistics sum_since_start() {
  ThreadStatistics sum{};
  for (const ThreadState* state = first_thread_state(); state != nullptr; state = state->next) {
    for (const auto field : kStatistics) sum.*field += state->statistics.*field;
  }
  return sum;
}

}  // namespace

void wake_up(uint64_t sample_interval_bytes) {
  const Mode mode = sample_interval_bytes == 0 ? Mode::kExact : Mode::kSampling;
  recorder.sample_interval_bytes.store(sample_interval_bytes, std::memory_order_release);
  recorder.fell_back.store(false, std::memory_order_relaxed);
  // Stacks may have been unmapped and mapped again without a hook of ours having looked.
  recorder.epoch.fetch_add(1, std::memory_order_release);
  sampling_mode.store(mode == Mode::kSampling ? mode : Mode::kAsleep, std::memory_order_release);
  awake_mode.store(mode, std::memory_order_seq_cst);
}

void fall_asleep() {
  awake_mode.store(Mode::kAsleep, std::memory_order_seq_cst);
  sampling_mode.store(Mode::kAsleep, std::memory_order_release);
  g_epoch_of_sleep.store(recorder.epoch.fetch_add(1, std::memory_order_acq_rel) + 1,
                         std::memory_order_relaxed);
}

bool has_slept() { return g_epoch_of_sleep.load(std::memory_order_relaxed) != 0; }

bool wipe_in_copies() {
  recorder.wiped_in_copies = base::system_call(SYS_madvise, reinterpret_cast<long>(&awake_page),
                                               sizeof(awake_page), MADV_WIPEONFORK) == 0;
  return recorder.wiped_in_copies;
}

bool is_unbegun_copy() {
  return recorder.wiped_in_copies && recorder.started.load(std::memory_order_acquire) &&
         awake_mode.load(std::memory_order_acquire) == Mode::kUnbegun;
}

bool begin_in_copy(uint64_t interval_bytes) {
  const uint32_t limit = recorder.stacks.id_limit();
  folding.begin_anew();
  // Nobody has counted yet but who is about to.
  for (ThreadState* state = first_thread_state(); state != nullptr; state = state->next) {
    state->counted_by.store(state == thread_local_part.state ? 1 : 0, std::memory_order_relaxed);
  }
  recorder.counters.begin_anew_in_child(limit);
  recorder.live.begin_anew();
  recorder.objects.begin_anew();
  recorder.mappings.begin_anew();
  recorder.modules.begin_anew();
  const bool begun = recorder.stacks.begin_anew(kMarkerOverflow) && recorder.sampled.begin_anew();
  if (base::black_box.is_open()) recorder.mappings.begin_counting();
  recorder.modules.keep_in_box();
  g_forgotten = sum_since_start();
  recorder.stray_frees.store(0, std::memory_order_relaxed);
  if (begun)
    wake_up(interval_bytes);
  else
    fall_asleep();
  return begun;
}

bool sleeps_soundly() {
  return all_threads_seen_since(g_epoch_of_sleep.load(std::memory_order_relaxed),
                                thread_local_part.state);
}

void forget_recorded() {
  recorder.live.clear();
  recorder.objects.clear();
  recorder.sampled.clear();
  recorder.mappings.remove(0, UINT64_MAX);
  recorder.counters.begin_anew(recorder.stacks.id_limit());
  g_forgotten = sum_since_start();
  recorder.stray_frees.store(0, std::memory_order_relaxed);
}

ThreadStatistics sum_of_statistics() {
  ThreadStatistics sum = sum_since_start();
  for (const auto field : kStatistics) sum.*field -= g_forgotten.*field;
  sum.unknown_frees += recorder.stray_frees.load(std::memory_order_relaxed);
  return sum;
}

}  // namespace silt::track
