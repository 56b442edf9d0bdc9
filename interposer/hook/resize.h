// SPDX-License-Identifier: Apache-2.0
//
// What hooks of realloc and its like do. Hook context.

#ifndef SILT_INTERPOSER_HOOK_RESIZE_H_
#define SILT_INTERPOSER_HOOK_RESIZE_H_

#include <cstddef>

#include "interposer/base/attributes.h"
#include "interposer/hook/guard.h"
#include "interposer/track/taken_blocks.h"

namespace silt::hook {

inline void* move_from_arena(void* old, size_t size_bytes) {
  void* const moved = real.malloc(size_bytes);
  const size_t old_size = bootstrap_size(old);
  if (moved != nullptr) {
    __builtin_memcpy(moved, old, old_size < size_bytes ? old_size : size_bytes);
  }
  return moved;
}

// Takes away what is recorded of a block that is about to change; of none where it is nullptr.
SILT_ALWAYS_INLINE track::Taken take_for_resize(ThreadLocal& local, Mode mode, void* old) {
  track::Taken known;
  if (old == nullptr) return known;
  const auto at = reinterpret_cast<uint64_t>(old);
  if (recorder.fell_back.load(std::memory_order_relaxed)) [[unlikely]] {
    known = track::take_from_either(old);
  } else if (mode == Mode::kExact) [[likely]] {
    known.exact = recorder.live.take(at);
    if (known.exact.stack == track::kNoStack) [[unlikely]]
      ++local.state->statistics.unknown_frees;
  } else if (recorder.sampled.perhaps(at)) [[unlikely]] {
    known.sampled = recorder.sampled.take(at);
  }
  return known;
}

// Moves the record along with the block. It is taken away before the real call, because afterwards
// another thread may already have been given the old address, and put back when the call fails.
template <typename Call>
SILT_ALWAYS_INLINE void* resize(void* old, size_t size_bytes, const HookFrame& hook_frame,
                                Call&& call) {
  ThreadLocal& local = track::thread_local_part;
  const Mode mode = enter(local, hook_frame);
  if (mode == Mode::kOff) [[unlikely]] {
    if (old != nullptr && in_bootstrap_arena(old)) [[unlikely]]
      return move_from_arena(old, size_bytes);
    return call();
  }
  const track::Taken known = take_for_resize(local, mode, old);
  if (in_bootstrap_arena(old)) [[unlikely]] {
    local.mode = mode;
    return move_from_arena(old, size_bytes);
  }
  void* const address = call();
  if (address == nullptr && size_bytes != 0 && known.any()) [[unlikely]] {
    track::restore(old, known);
  }
  record(local, mode, address, size_bytes, hook_frame);
  leave(local, mode);
  return address;
}

}  // namespace silt::hook

#endif  // SILT_INTERPOSER_HOOK_RESIZE_H_
