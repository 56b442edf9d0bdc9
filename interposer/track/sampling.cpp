// SPDX-License-Identifier: Apache-2.0
//
// See sampling.h.

#include "interposer/track/sampling.h"

#include "interposer/base/log.h"
#include "interposer/track/sampler.h"

namespace silt::track {
namespace {

// Of the fall-back; what is documented as the interval for production.
constexpr uint64_t kFallbackInterval = 512 * 1024;
// While a runtime is waited for, a distance is gone in steps of this, so that it is looked for in
// between.
constexpr int64_t kBytesWhileAwaiting = 16 * 1024;

void set_countdown(ThreadLocal& local, int64_t distance) {
  const bool waiting = recorder.await_runtime.load(std::memory_order_relaxed) != nullptr;
  const int64_t step = waiting && distance > kBytesWhileAwaiting ? kBytesWhileAwaiting : distance;
  local.sample_countdown = step;
  local.state->sample_beyond = distance - step;
}

}  // namespace

void start_sampling(ThreadLocal& local) {
  const uint64_t interval = recorder.sample_interval_bytes.load(std::memory_order_relaxed);
  local.state->drawn_with = interval;
  set_countdown(local, draw_distance(&local.state->random, interval));
}

SILT_COLD void fall_back() {
  if (recording_mode() == Mode::kSampling ||
      recorder.fell_back.exchange(true, std::memory_order_acq_rel)) {
    return;
  }
  uint64_t exact = 0;
  recorder.sample_interval_bytes.compare_exchange_strong(exact, kFallbackInterval,
                                                         std::memory_order_acq_rel);
  sampling_mode.store(Mode::kSampling, std::memory_order_release);
  awake_mode.store(Mode::kSampling, std::memory_order_release);
  base::log(
      base::LogLevel::kWarn,
      recorder.memory_limit_bytes != 0
          ? "SILT_MEMORY is reached: from here on allocations are sampled, one in 512 KiB"
          : "the program allocates from so many places that silt's tables outgrow it: from "
            "here on allocations are sampled, one in 512 KiB (SILT_MEMORY=0 goes on exactly)");
}

SILT_COLD Mode changed_mode(ThreadLocal& local) {
  if (local.state == nullptr) return local.mode;
  if (local.mode == Mode::kExact && recording_mode() == Mode::kSampling) start_sampling(local);
  return recording_mode();
}

SILT_COLD void record_sample(ThreadLocal& local, const void* address, uint64_t size_bytes,
                             const unwind::Frame& frame, BlockHeap heap) {
  ThreadState& state = *local.state;
  const int64_t distance = local.sample_countdown + state.sample_beyond;
  if (state.sample_beyond != 0 && size_bytes <= static_cast<uint64_t>(distance)) {
    set_countdown(local, distance - static_cast<int64_t>(size_bytes));
    return look_for_runtime();
  }
  // After a sleep it may be another one by now, but this point lies as that one said.
  const uint64_t interval = state.drawn_with;
  start_sampling(local);
  if (recorder.tick != nullptr) recorder.tick();
  look_for_runtime();
  if (address == nullptr) return;
  const StackId stack = current_stack(state, frame, heap);
  const uint32_t weight = draw_weight(&state.random, size_bytes, interval);
  ++state.statistics.hook_calls;
  count(state, stack, weight, weight * size_bytes);
  const auto generation = static_cast<uint8_t>(recorder.generation.load(std::memory_order_relaxed));
  if (!recorder.sampled.insert(reinterpret_cast<uint64_t>(address),
                               SampledBlock{size_bytes, stack, weight, generation})) {
    ++state.statistics.overflowed_blocks;
  }
}

}  // namespace silt::track
