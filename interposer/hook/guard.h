// SPDX-License-Identifier: Apache-2.0
//
// The lines that all hooks share. A hook marks its thread as being inside, calls the real
// function, records, and unmarks: allocator calls that the real function makes (operator new calls
// malloc, another allocator calls mmap) then pass straight through and a block is recorded once.
//
// The mark also keeps signals apart: a handler that allocates while its thread is inside passes
// through, and a snapshot that is asked for then is taken when the hook ends. Hook context.

#ifndef SILT_INTERPOSER_HOOK_GUARD_H_
#define SILT_INTERPOSER_HOOK_GUARD_H_

#include <cstddef>
#include <cstdint>

#include "interposer/base/attributes.h"
#include "interposer/hook/real.h"
#include "interposer/track/recorder.h"
#include "interposer/track/sampling.h"

// The frame of the hook it stands in.
#define SILT_HOOK_FRAME SILT_CALL_FRAME

namespace silt::hook {

using track::Mode;
using track::recorder;
using track::ThreadLocal;

using HookFrame = arch::CallFrame;
using unwind::caller_of;  // its caller's frame, as it is after the hook returns

// For a thread whose mode is not the one to record in now: a new thread gets its state; a mark that
// was left behind is removed; one that was awake before the process slept is told how recording
// goes on. Returns the mode to go on with: kOff means pass straight through.
Mode admit(ThreadLocal& local, const void* hook_frame);

// A jump to `stack_pointer` leaves the hook that is under way on this thread, if any.
void unmark_when_jumped_over(uint64_t stack_pointer);

void take_pending_snapshot(ThreadLocal& local);

// What is rare of a free; to be reached with a jump, so that their frame is the hook's. On a thread
// whose mode is not the one to record in now:
void release_rarely(void* address);
// Of a block that is large, unknown, or perhaps sampled:
void release_recorded(void* address);

SILT_ALWAYS_INLINE void mark(ThreadLocal& local, const void* hook_frame) {
  local.mode = Mode::kInHook;
  local.hook_frame = hook_frame;
}

SILT_ALWAYS_INLINE Mode enter(ThreadLocal& local, const void* hook_frame) {
  Mode mode = local.mode;
  if (mode != track::awake_mode.load(std::memory_order_relaxed)) [[unlikely]] {
    // Deeper on the stack than the hook under way: nested in it.
    if (mode == Mode::kInHook && hook_frame < local.hook_frame) return Mode::kOff;
    mode = admit(local, hook_frame);
    if (mode == Mode::kOff) return mode;
  }
  mark(local, hook_frame);
  return mode;
}

SILT_ALWAYS_INLINE void leave(ThreadLocal& local, Mode mode) {
  // The compiler must not move the tables' stores past this one: a signal handler on this thread
  // relies on it. Nor must the processor: who sees from another thread that this one is outside of
  // hooks (track::all_threads_seen_since) takes what the hook did to be done.
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  __atomic_store(&local.mode, &mode, __ATOMIC_RELEASE);
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  if (local.pending.load(std::memory_order_relaxed) != 0) [[unlikely]] {
    take_pending_snapshot(local);
  }
}

// Records what a real function handed out.
SILT_ALWAYS_INLINE void record(ThreadLocal& local, Mode mode, const void* address,
                               size_t size_bytes, const HookFrame& hook_frame) {
  if (mode == Mode::kExact) [[likely]] {
    if (address != nullptr) [[likely]] {
      track::record_block(*local.state, address, size_bytes, caller_of(hook_frame));
    }
    return;
  }
  if (size_bytes > static_cast<uint64_t>(local.sample_countdown)) [[unlikely]] {
    track::record_sample(local, address, size_bytes, caller_of(hook_frame));
    return;
  }
  local.sample_countdown -= static_cast<int64_t>(size_bytes);
}

// What is to be done about a block that real.malloc or its like is about to hand out.
enum class Way : uint8_t {
  kRecord,  // the thread is awake, in the mode that it was found in
  kPass,    // nothing: the real function can be reached with a jump
  kRarely,  // `enter` finds out
};

// Asleep every block passes. In sampling mode one does in which no sampling point lies: it is then
// counted down, and as the C library's allocator calls no hook, nothing is marked. (That an
// allocation which fails is counted down as well shifts sampling points, which lie at random.)
// (Sleep is looked at before the thread: asleep a pair executes 14 instructions more than plain.)
SILT_ALWAYS_INLINE Way way_of(ThreadLocal& local, Mode* mode, size_t size_bytes) {
  const Mode awake = track::awake_mode.load(std::memory_order_relaxed);
  if (awake == Mode::kAsleep) [[unlikely]]
    return Way::kPass;
  *mode = local.mode;
  if (*mode != awake) [[unlikely]]
    return Way::kRarely;
  if (awake == Mode::kExact) [[likely]]
    return Way::kRecord;
  if (!real.malloc_calls_no_hook) return Way::kRecord;
  if (size_bytes > static_cast<uint64_t>(local.sample_countdown)) [[unlikely]]
    return Way::kRecord;
  local.sample_countdown -= static_cast<int64_t>(size_bytes);
  return Way::kPass;
}

// What is left of `forget` when the block is not where it is looked for first. False for one that
// no allocator has to be given.
bool forget_rarely(ThreadLocal& local, const void* address);

// Forgets a block that is about to be given back.
SILT_ALWAYS_INLINE bool forget(ThreadLocal& local, Mode mode, const void* address) {
  const auto at = reinterpret_cast<uint64_t>(address);
  if (mode == Mode::kExact) [[likely]] {
    if (recorder.live.take(at).stack != track::kNoStack) [[likely]]
      return true;
    return forget_rarely(local, address);
  }
  if (recorder.fell_back.load(std::memory_order_relaxed)) [[unlikely]]
    return forget_rarely(local, address);
  if (recorder.sampled.perhaps(at)) [[unlikely]]
    recorder.sampled.take(at);
  return true;
}

// A hook that hands out a block of `size_bytes`; `call` is the real function's call. The thread is
// marked already.
template <typename Call>
SILT_ALWAYS_INLINE void* allocate_marked(ThreadLocal& local, Mode mode, size_t size_bytes,
                                         const HookFrame& hook_frame, Call&& call) {
  void* const address = call();
  record(local, mode, address, size_bytes, hook_frame);
  leave(local, mode);
  return address;
}

template <typename Call>
SILT_ALWAYS_INLINE void* allocate(size_t size_bytes, const HookFrame& hook_frame, Call&& call) {
  ThreadLocal& local = track::thread_local_part;
  const Mode mode = enter(local, hook_frame);
  if (mode == Mode::kOff) [[unlikely]]
    return call();
  return allocate_marked(local, mode, size_bytes, hook_frame, call);
}

// A hook that gives a block back.
template <typename Call>
SILT_ALWAYS_INLINE void release(void* address, const void* hook_frame, Call&& call) {
  ThreadLocal& local = track::thread_local_part;
  const Mode mode = enter(local, hook_frame);
  if (mode == Mode::kOff) [[unlikely]]
    return call();
  if (address == nullptr || forget(local, mode, address)) [[likely]]
    call();
  leave(local, mode);
}

// What `free` does, and what comes to the same. The most frequent hook but malloc: no mark is set,
// so that the real function is reached with a jump. What it frees nobody else can be given before
// it is called, and it calls no hook that could count this block again. All that is rare is reached
// with a jump too, and the registers are nobody's.
SILT_ALWAYS_INLINE void release_by_free(void* address) {
  const Mode awake = track::awake_mode.load(std::memory_order_relaxed);
  if (awake == Mode::kAsleep && !in_bootstrap_arena(address)) [[unlikely]]
    return real.free(address);
  if (address == nullptr) return;
  const auto at = reinterpret_cast<uint64_t>(address);
  if (track::thread_local_part.mode != awake) [[unlikely]]
    return release_rarely(address);
  if (awake == Mode::kExact) [[likely]] {
    if (recorder.live.take_small(at)) [[likely]]
      return real.free(address);
  } else if (!recorder.fell_back.load(std::memory_order_relaxed) && !recorder.sampled.perhaps(at))
      [[likely]] {
    return real.free(address);
  }
  return release_recorded(address);
}

}  // namespace silt::hook

#endif  // SILT_INTERPOSER_HOOK_GUARD_H_
