// SPDX-License-Identifier: Apache-2.0
//
// See recorder.h. Hook context, but for start_recorder, note_* and the fork functions.

#include "interposer/track/recorder.h"

#include "interposer/base/memory.h"
#include "interposer/track/folding.h"
#include "interposer/track/sampler.h"
#include "interposer/track/sampling.h"
#include "interposer/track/verification.h"
#include "interposer/track/waking.h"
#include "interposer/unwind/derive.h"
#include "interposer/unwind/mapped_objects.h"
#include "interposer/unwind/object.h"

namespace silt::track {

constinit Recorder recorder{};

namespace {

void note_module(uint64_t pc) {
  const auto closed = recorder.modules.note(pc, recorder.stacks.node_count());
  if (closed.end != 0) [[unlikely]]
    forget_code(closed.start, closed.end);
}

NodeId root_for(unwind::Ending ending) {
  switch (ending) {
    case unwind::Ending::kTruncated:
      return recorder.stacks.child(kRoot, kMarkerTruncated);
    case unwind::Ending::kBroken:
      return recorder.stacks.child(kRoot, kMarkerBroken);
    case unwind::Ending::kComplete:
      break;
  }
  return kRoot;
}

}  // namespace

bool start_recorder(bool asleep) {
  recorder.rules.set_observer(note_module);
  if (recorder.keep_in_box) {
    recorder.stacks.keep_in_box();
    recorder.counters.keep_in_box();
    recorder.live.keep_in_box();
    recorder.objects.keep_in_box();
    recorder.modules.keep_in_box();
    recorder.mappings.begin_counting();
  }
  if (!recorder.stacks.initialize(kMarkerOverflow)) return false;
  const bool may_sample = asleep || recording_mode() == Mode::kSampling ||
                          recorder.memory_limit_bytes != 0 || recorder.bounded;
  if (may_sample && !recorder.sampled.initialize()) return false;
  // Before threads may get states: what is unbegun afterwards is a copy of the process.
  if (asleep)
    fall_asleep();
  else
    wake_up(recorder.sample_interval_bytes.load(std::memory_order_relaxed));
  recorder.started.store(true, std::memory_order_release);
  return true;
}

SILT_COLD ThreadState* enter_new_thread(ThreadLocal& local) {
  if (!recorder.started.load(std::memory_order_acquire)) return nullptr;
  local.mode = Mode::kInHook;
  ThreadState* const state = acquire_thread_state(&local);
  if (state == nullptr) {
    local.mode = Mode::kOff;
    return nullptr;
  }
  local.state = state;
  // Mixed, because neighbours in SplitMix64's sequence of states would draw the same numbers.
  state->random ^= recorder.random_seed;
  state->random = next_random(&state->random);
  if (recording_mode() == Mode::kSampling) start_sampling(local);
  return state;
}

SILT_COLD void record_elsewhere(ThreadState& state, const void* address, const Block& block) {
  if (recorder.memory_limit_bytes == 0) {
    ++state.statistics.overflowed_blocks;
    return;
  }
  fall_back();
  thread_local_part.pending.fetch_or(kPendingMode, std::memory_order_relaxed);
  // It is counted already; as a sample that stands for itself alone it stays exact.
  if (!recorder.sampled.insert(reinterpret_cast<uint64_t>(address),
                               SampledBlock{block.size_bytes, block.stack, 1, block.generation})) {
    ++state.statistics.overflowed_blocks;
  }
}

StackId new_stack(ThreadState& state, unwind::Frame frame, BlockHeap heap) {
  const uint32_t epoch = recorder.epoch.load(std::memory_order_acquire);
  if (state.epoch.load(std::memory_order_relaxed) != epoch) {
    state.spine.forget();
    state.memory.forget();
    state.epoch.store(epoch, std::memory_order_release);
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
  NodeId node = update.kept > 0 ? NodeId{spine.tag(update.kept - 1)} : root_for(update.ending);
  const bool rooted = update.ending == unwind::Ending::kComplete || node != kRoot;
  uint64_t function_pc = 0;  // what the next frame has in place of its pc
  const bool joined = recorder.evaluator.joined.load(std::memory_order_acquire);
  for (uint32_t i = update.kept; i < update.count && rooted; ++i) {
    uint64_t pc = spine.pc(i);
    if (pc != 0) {
      if (function_pc != 0) pc = function_pc;
      if (joined && anchor_of(spine, i) != 0) {
        pc = kEvaluatorTag | (recorder.evaluator.begin + 1);
      }
      node = recorder.stacks.child(node, pc);
      if (node == kRoot) [[unlikely]]
        break;
      function_pc = 0;
    } else {
      function_pc = spine.function_pc(i);
    }
    spine.set_tag(i, index_of(node));
  }
  if (node == kRoot) [[unlikely]] {
    spine.forget();
    return kOverflowStack;
  }
  if (recorder.verify_walks) [[unlikely]]
    verify_walk(frame, stack_at(node), &spine, false);
  uint64_t anchor = joined ? innermost_anchor(spine) : 0;
  if (anchor == 0 && joined && recorder.evaluator.runs_beyond != nullptr &&
      recorder.evaluator.runs_beyond()) [[unlikely]] {
    anchor = kNoAnchor;
  }
  if (spine.reusable() && anchor != kNoAnchor && state.memory.wants(index_of(node))) {
    const auto mark = static_cast<uint16_t>(anchor == 0 ? 0 : (anchor - frame.sp) / 8);
    state.memory.remember(frame, spine.bp_live(spine.count() - 1), index_of(node), mark,
                          [&](auto&& visit) { return spine.visit_slots(visit); });
  }
  const StackId stack = stack_at(node);
  return joined ? with_runtime_frames(state, stack, anchor, heap) : stack;
}

SILT_COLD bool count_overflow(ThreadState& state) {
  ++state.statistics.overflowed_blocks;
  return false;
}

namespace {

// A runtime is to be joined soon after it has started, while few objects are made.
constexpr uint32_t kCallsWhileAwaiting = 16;
// A look costs about as much as three recorded calls: one in 256 is a hundredth of them.
constexpr uint32_t kMostCallsBetweenLooks = 256;
// Two to three milliseconds, below the time between two looks for a request (way_in.cpp).
constexpr uint64_t kTicksBetweenLooks = uint64_t{1} << 23;

// As many calls as the thread made in that time of late.
uint32_t calls_until_next_look(const ThreadState& state, uint64_t now) {
  const uint32_t most = recorder.await_runtime.load(std::memory_order_relaxed) != nullptr
                            ? kCallsWhileAwaiting
                            : kMostCallsBetweenLooks;
  const uint64_t passed = now - state.looked_at;
  if (passed <= kTicksBetweenLooks / kMostCallsBetweenLooks) return most;
  const uint64_t calls = state.calls_to_look * kTicksBetweenLooks / passed;
  if (calls == 0) return 1;
  return calls < most ? static_cast<uint32_t>(calls) : most;
}

}  // namespace

SILT_COLD void look_around(ThreadState& state, const void* address, unwind::Frame frame,
                           BlockHeap heap) {
  // How long recording takes, measured by a rehearsal of this very call that changes nothing.
  const uint64_t begin = base::ticks();
  const uint32_t made = state.calls_to_look != 0 ? state.calls_to_look : 1;
  state.calls_to_look = calls_until_next_look(state, begin);
  state.countdown = state.calls_to_look;
  state.looked_at = begin;
  const StackId stack = current_stack(state, frame, heap);
  count(state, stack, 0, 0);
  if (address != nullptr) recorder.live.insert(reinterpret_cast<uint64_t>(address), Block{});
  const uint64_t end = base::ticks();
  if (end > begin) state.statistics.timed_ticks += (end - begin) * made;
  state.statistics.timed_calls += made;
  if (recorder.verify_walks) {
    state.countdown = 1;
    verify_walk(frame, stack, nullptr, true);
  }
  if (recorder.code_loaded.exchange(false, std::memory_order_relaxed)) {
    note_loaded_code();
    if (recorder.code_came != nullptr) recorder.code_came();
  }
  if (!base::exact_recording_fits(0)) fall_back();
  if (recorder.fell_back.load(std::memory_order_relaxed)) {
    thread_local_part.pending.fetch_or(kPendingMode, std::memory_order_relaxed);
  }
  if (recorder.tick != nullptr) recorder.tick();
  look_for_runtime();
}

SILT_COLD void record_mapping(ThreadState& state, uint64_t start, uint64_t size_bytes,
                              const unwind::Frame& frame) {
  // A runtime with an allocator of its own may call malloc hardly ever.
  look_for_runtime();
  StackId stack = current_stack(state, frame);
  if (stack != kOverflowStack) {
    const NodeId marker = recorder.stacks.child(innermost_of(stack), kMarkerMapping);
    if (marker != kRoot) stack = stack_at(marker);
  }
  ++state.statistics.hook_calls;
  count(state, stack, 1, size_bytes);
  const auto generation = static_cast<uint8_t>(recorder.generation.load(std::memory_order_relaxed));
  recorder.mappings.insert(MappingRange{start, start + size_bytes, stack, generation, true});
}

bool libunwind_maps_in_vain() { return unwind::libunwind_maps_in_vain(); }

void note_loaded_code() { recorder.rules.forget_guesses_inside_objects(); }

// Until the lock is given back nobody learns of what lies there now: its nodes are made afterwards,
// and none of the old ones is found for it.
void forget_code(uint64_t start, uint64_t end) {
  recorder.rules.forget_locked(start, end);
  recorder.stacks.retire(start, end);
  recorder.epoch.fetch_add(1, std::memory_order_release);
}

void note_unloaded_code() {
  unwind::note_unloaded_objects();
  if (!recorder.modules.any_unloaded()) return;
  const base::SpinGuard guard(unwind::derive_lock);
  recorder.modules.close_unloaded(recorder.stacks.node_count(), forget_code);
}

bool on_unwinding_stack(const void* frame) { return unwind::derive_stack.contains(frame); }

void prepare_fork() {
  folding.lock().lock();
  if (recorder.lock_runtime != nullptr) recorder.lock_runtime();
  lock_verification();
  unwind::derive_lock.lock();
  unwind::hold_mapped_objects();
  recorder.mappings.lock().lock();
  recorder.sampled.lock().lock();
  base::black_box.lock().lock();
}

void finish_fork_in_parent() {
  base::black_box.lock().unlock();
  recorder.sampled.lock().unlock();
  recorder.mappings.lock().unlock();
  unwind::release_mapped_objects();
  unwind::derive_lock.unlock();
  unlock_verification();
  if (recorder.unlock_runtime != nullptr) recorder.unlock_runtime();
  folding.lock().unlock();
}

void finish_fork_in_child() {
  finish_fork_in_parent();
  recorder.stacks.finish_fork_in_child();
  keep_only_thread_state(thread_local_part.state);
}

}  // namespace silt::track
