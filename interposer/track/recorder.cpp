// SPDX-License-Identifier: Apache-2.0
//
// See recorder.h. Hook context, but for start_recorder, note_* and the fork functions.

#include "interposer/track/recorder.h"

#include <signal.h>
#include <sys/syscall.h>

#include "interposer/base/log.h"
#include "interposer/base/text.h"
#include "interposer/track/sampler.h"
#include "interposer/unwind/derive.h"

namespace silt::track {

constinit Recorder recorder{};

namespace {

// A recorded call in this many reads the clock; at one a microsecond that is four times a
// millisecond, at a cost of a tenth of a nanosecond a call.
constexpr uint32_t kCallsBetweenLooks = 256;

void note_module(uint64_t pc) { recorder.modules.note(pc, recorder.stacks.node_count()); }

NodeId root_for(unwind::Ending ending) {
  switch (ending) {
    case unwind::Ending::kTruncated:
      return recorder.stacks.child(0, kMarkerTruncated);
    case unwind::Ending::kBroken:
      return recorder.stacks.child(0, kMarkerBroken);
    case unwind::Ending::kComplete:
      break;
  }
  return 0;
}

SILT_COLD void report_difference(const unwind::Spine& spine, const unwind::Difference& d) {
  base::TextBuffer<1000> line;
  const auto add_hex = [&line](const char* name, uint64_t value) {
    line.add(name);
    for (int shift = 60; shift >= 0; shift -= 4) {
      line.add("0123456789abcdef"[value >> shift & 15]);
    }
  };
  line.add("walk differs from libunwind's at frame ").add_decimal(d.frame);
  line.add(" of ").add_decimal(spine.count());
  add_hex(": expected pc ", d.expected.pc);
  add_hex(" sp ", d.expected.sp);
  add_hex(" bp ", d.expected.bp);
  add_hex(", found pc ", d.found.pc);
  add_hex(" sp ", d.found.sp);
  add_hex(" bp ", d.found.bp);
  base::log(base::LogLevel::kError, line.c_str());
}

// The spine as it is now against libunwind's walk.
SILT_COLD void verify_walk(const unwind::Spine& spine, unwind::Ending ending) {
  unwind::Difference difference;
  recorder.walks_verified.fetch_add(1, std::memory_order_relaxed);
  if (unwind::equals_libunwind_walk(spine, ending, &difference)) return;
  constexpr uint64_t kReported = 5;
  if (recorder.walks_differing.fetch_add(1, std::memory_order_relaxed) < kReported) {
    report_difference(spine, difference);
  }
}

}  // namespace

bool start_recorder() {
  recorder.rules.set_observer(note_module);
  if (!recorder.stacks.initialize(kMarkerOverflow)) return false;
  if (recorder.sample_interval_bytes != 0 && !recorder.sampled.initialize()) return false;
  recorder.started.store(true, std::memory_order_release);
  return true;
}

SILT_COLD ThreadState* enter_new_thread(ThreadLocal& local) {
  if (!recorder.started.load(std::memory_order_acquire)) return nullptr;
  local.mode = Mode::kInHook;
  ThreadState* const state = acquire_thread_state();
  if (state == nullptr) {
    local.mode = Mode::kOff;
    return nullptr;
  }
  local.state = state;
  if (recorder.watch_thread != nullptr) recorder.watch_thread(state);
  if (recorder.sample_interval_bytes != 0) {
    state->random ^= recorder.random_seed;
    local.sample_countdown = draw_distance(&state->random, recorder.sample_interval_bytes);
  }
  return state;
}

SILT_COLD bool hook_is_stale(const ThreadLocal& local, const void* frame) {
  // The frame of a nested hook lies deeper on the same stack, or on the alternate signal stack.
  if (frame <= local.hook_frame) return false;
  stack_t alternate{};
  if (arch::raw_syscall(SYS_sigaltstack, 0, reinterpret_cast<long>(&alternate)) == 0 &&
      (alternate.ss_flags & SS_ONSTACK) != 0) {
    return false;
  }
  return true;
}

StackId changed_stack(ThreadState& state, const unwind::Frame& frame) {
  const uint32_t epoch = recorder.epoch.load(std::memory_order_acquire);
  if (state.epoch != epoch) {
    state.spine.forget();
    state.epoch = epoch;
  }
  unwind::Spine& spine = state.spine;
  const unwind::Spine::Update update = spine.update(recorder.rules, frame);
  if (update.slow) [[unlikely]] {
    ++state.statistics.walks_slow;
    const base::SpinGuard guard(unwind::derive_lock);
    for (uint32_t i = update.kept; i < update.count; ++i) note_module(spine.pc(i));
  }
  if (update.ending != unwind::Ending::kComplete) [[unlikely]] {
    if (update.ending == unwind::Ending::kTruncated)
      ++state.statistics.walks_truncated;
    else
      ++state.statistics.walks_broken;
  }
  NodeId node = update.kept > 0 ? spine.tag(update.kept - 1) : root_for(update.ending);
  const bool rooted = update.ending == unwind::Ending::kComplete || node != 0;
  for (uint32_t i = update.kept; i < update.count && rooted; ++i) {
    const uint64_t pc = spine.pc(i);
    if (pc != 0) {
      node = recorder.stacks.child(node, pc);
      if (node == 0) [[unlikely]]
        break;
    }
    spine.set_tag(i, node);
  }
  if (node == 0) [[unlikely]] {
    spine.forget();
    return kOverflowStack;
  }
  if (recorder.verify_walks) [[unlikely]]
    verify_walk(spine, update.ending);
  state.last_leaf = node;
  state.last_stack = recorder.stacks.stack_of(node);
  return state.last_stack;
}

SILT_COLD bool count_overflow(ThreadState& state) {
  ++state.statistics.overflowed_blocks;
  return false;
}

SILT_COLD void look_around(ThreadState& state, const void* address, const unwind::Frame& frame) {
  state.countdown = kCallsBetweenLooks;
  // How long recording takes, measured by a rehearsal of this very call that changes nothing.
  const uint64_t begin = arch::ticks();
  count(state, current_stack(state, frame), 0, 0);
  recorder.live.insert(reinterpret_cast<uint64_t>(address), Block{});
  state.statistics.timed_ticks += arch::ticks() - begin;
  ++state.statistics.timed_calls;
  if (recorder.verify_walks) {
    state.countdown = 1;
    if (state.spine.count() != 0) verify_walk(state.spine, unwind::Ending::kTruncated);
  }
  if (recorder.code_loaded.exchange(false, std::memory_order_relaxed)) note_loaded_code();
  if (recorder.tick != nullptr) recorder.tick();
}

SILT_COLD void record_sample(ThreadLocal& local, const void* address, uint64_t size_bytes,
                             const unwind::Frame& frame) {
  ThreadState& state = *local.state;
  local.sample_countdown = draw_distance(&state.random, recorder.sample_interval_bytes);
  if (recorder.tick != nullptr) recorder.tick();
  if (address == nullptr) return;
  const StackId stack = current_stack(state, frame);
  const uint32_t weight = draw_weight(&state.random, size_bytes, recorder.sample_interval_bytes);
  ++state.statistics.hook_calls;
  count(state, stack, weight, weight * size_bytes);
  const auto generation = static_cast<uint8_t>(recorder.generation.load(std::memory_order_relaxed));
  if (!recorder.sampled.insert(reinterpret_cast<uint64_t>(address),
                               SampledBlock{size_bytes, stack, weight, generation})) {
    ++state.statistics.overflowed_blocks;
  }
}

void restore_block(const void* address, const Block& block) {
  recorder.live.insert(reinterpret_cast<uint64_t>(address), block);
}

void restore_sample(const void* address, const SampledBlock& block) {
  recorder.sampled.insert(reinterpret_cast<uint64_t>(address), block);
}

SILT_COLD void record_mapping(ThreadState& state, uint64_t start, uint64_t size_bytes,
                              const unwind::Frame& frame) {
  current_stack(state, frame);
  StackId stack = kOverflowStack;
  if (state.spine.count() != 0) {
    const NodeId marker = recorder.stacks.child(state.last_leaf, kMarkerMapping);
    if (marker != 0) stack = recorder.stacks.stack_of(marker);
  }
  ++state.statistics.hook_calls;
  count(state, stack, 1, size_bytes);
  const auto generation = static_cast<uint8_t>(recorder.generation.load(std::memory_order_relaxed));
  recorder.mappings.insert(MappingRange{start, start + size_bytes, stack, generation, true});
}

void note_loaded_code() { recorder.rules.forget_guesses_inside_objects(); }

void note_unloaded_code() {
  const bool any = recorder.modules.close_unloaded(recorder.stacks.node_count(),
                                                   [](uint64_t start, uint64_t end) {
                                                     recorder.rules.forget(start, end);
                                                     recorder.stacks.retire(start, end);
                                                   });
  if (any) recorder.epoch.fetch_add(1, std::memory_order_release);
}

void prepare_fork() {
  unwind::derive_lock.lock();
  recorder.mappings.lock().lock();
  recorder.sampled.lock().lock();
}

void finish_fork_in_parent() {
  recorder.sampled.lock().unlock();
  recorder.mappings.lock().unlock();
  unwind::derive_lock.unlock();
}

void finish_fork_in_child() {
  finish_fork_in_parent();
  recorder.stacks.finish_fork_in_child();
  keep_only_thread_state(thread_local_part.state);
}

}  // namespace silt::track
