// SPDX-License-Identifier: Apache-2.0
//
// See guard.h. Hook context.

#include "interposer/hook/guard.h"

#include <cerrno>

#include "interposer/track/left_hooks.h"
#include "interposer/track/taken_blocks.h"
#include "interposer/track/waking.h"

namespace silt::hook {

namespace {

// What it allocates itself is silt's own doing.
void begin_in_copy(ThreadLocal& local, const void* hook_frame) {
  const int saved_errno = errno;
  const Mode mode = local.mode;
  mark(local, hook_frame);
  recorder.begin_in_copy();
  local.mode = mode;
  errno = saved_errno;
}

}  // namespace

SILT_COLD Mode admit(ThreadLocal& local, const void* hook_frame) {
  if (track::is_asleep() || local.mode == Mode::kOff) return Mode::kOff;
  if (local.mode == Mode::kInHook && track::hook_is_stale(local, hook_frame)) {
    const Mode mode = track::leave_stale_hook(local);
    if (mode != Mode::kNew) return mode;
    local.mode = mode;
  }
  if (local.mode != Mode::kInHook && track::is_unbegun_copy()) [[unlikely]] {
    begin_in_copy(local, hook_frame);
    if (track::is_asleep()) return Mode::kOff;
  }
  switch (local.mode) {
    case Mode::kNew:
      if (!real_functions_resolved()) resolve_real_functions();
      local.hook_frame = hook_frame;  // a handler may come, and leave by a jump, from here on
      if (track::enter_new_thread(local) == nullptr) return Mode::kOff;
      return track::recording_mode();
    case Mode::kExact:
    case Mode::kSampling:
      return track::changed_mode(local);
    case Mode::kInHook:
    case Mode::kOff:
    case Mode::kUnbegun:
    case Mode::kAsleep:
      break;
  }
  return Mode::kOff;
}

SILT_COLD void unmark_when_jumped_over(uint64_t stack_pointer) {
  ThreadLocal& local = track::thread_local_part;
  if (local.mode != Mode::kInHook) return;
  if (track::jump_leaves_hook(local, stack_pointer)) local.mode = track::leave_stale_hook(local);
}

namespace {

// The block may have been recorded by itself.
void forget_nested(const void* address, bool new_thread) {
  if (!recorder.started.load(std::memory_order_acquire) || track::is_asleep() ||
      track::is_unbegun_copy()) {
    return;
  }
  const auto at = reinterpret_cast<uint64_t>(address);
  if (recorder.fell_back.load(std::memory_order_relaxed)) {
    track::take_from_either(address);
  } else if (track::recording_mode() == Mode::kExact) {
    const bool known = recorder.live.take(at).stack != track::kNoStack;
    if (new_thread && !known && track::has_slept()) {
      recorder.stray_frees.fetch_add(1, std::memory_order_relaxed);
    }
  } else if (recorder.sampled.perhaps(at)) {
    recorder.sampled.take(at);
  }
}

}  // namespace

SILT_COLD bool forget_rarely(ThreadLocal& local, const void* address) {
  if (recorder.fell_back.load(std::memory_order_relaxed)) {
    // Recorded exactly before, sampled since, or not sampled.
    if (track::take_from_either(address).any()) return true;
  } else {
    ++local.state->statistics.unknown_frees;
  }
  return !in_bootstrap_arena(address);
}

void release_recorded(void* address) {
  ThreadLocal& local = track::thread_local_part;
  if (forget(local, local.mode, address)) real.free(address);
}

void release_rarely(void* address) {
  ThreadLocal& local = track::thread_local_part;
  const void* const hook_frame = SILT_HOOK_FRAME;
  // A thread without a state needs none to free. libc frees blocks of its own after the last
  // destructor of a thread's data: a state made then would never be given back.
  const bool new_thread = local.mode == Mode::kNew && real_functions_resolved();
  const bool nested = local.mode == Mode::kInHook && hook_frame < local.hook_frame;
  const Mode mode = new_thread || nested ? Mode::kOff : admit(local, hook_frame);
  if (mode == Mode::kOff) {
    // Nested in another hook: what that hook has taken away is gone already, anything else is a
    // block of its own.
    if (new_thread || local.mode == Mode::kInHook) forget_nested(address, new_thread);
    if (!in_bootstrap_arena(address)) real.free(address);
    return;
  }
  local.mode = mode;
  if (forget(local, mode, address)) real.free(address);
}

SILT_COLD void take_pending_snapshot(ThreadLocal& local) {
  const uint32_t pending = local.pending.exchange(0, std::memory_order_relaxed);
  if ((pending & track::kPendingMode) != 0) local.mode = track::changed_mode(local);
  const uint32_t trigger = pending & ~track::kPendingMode;
  if (trigger == 0 || recorder.take_snapshot == nullptr) return;
  const Mode mode = local.mode;
  local.mode = Mode::kInHook;
  recorder.take_snapshot(trigger);
  local.mode = mode;
}

}  // namespace silt::hook
