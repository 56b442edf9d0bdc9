// SPDX-License-Identifier: Apache-2.0
//
// The two sets of hooks around an allocator of Python's, and what they share. The one sees each
// block come and go (objects.cpp). The other stands around pymalloc while blocks are sampled, and
// is not called when one goes (sampling_hooks.cpp). The first is put there when silt joins, and
// each puts the other in its place once that is the better one. Hook context, with the
// interpreter's lock.

#ifndef SILT_INTERPOSER_RUNTIME_PYTHON_OBJECT_HOOKS_H_
#define SILT_INTERPOSER_RUNTIME_PYTHON_OBJECT_HOOKS_H_

#include <cstddef>
#include <cstdint>

#include "interposer/base/attributes.h"
#include "interposer/hook/guard.h"
#include "interposer/runtime/python/interpreter.h"
#include "interposer/track/recorder.h"
#include "interposer/track/sampling.h"

namespace silt::python {

// Up to this size pymalloc cuts blocks out of its arenas; a larger one it takes from malloc.
inline constexpr size_t kPymallocLargest = 512;

struct NextAllocators {
  Allocator by_domain[3];
  // Up to this size they cut blocks out of arenas: kPymallocLargest, or 0 when they are not
  // pymalloc but its debug layer or malloc.
  size_t own_bytes;
};
// What was there before silt.
extern constinit NextAllocators next_allocators __attribute__((visibility("hidden")));

inline Allocator& next_of(Domain domain) {
  return next_allocators.by_domain[static_cast<int>(domain)];
}

Allocator seeing_hooks(Domain domain);
Allocator sampling_hooks(Domain domain);

// Puts the sampling hooks there, in sampling mode, if the hook of free sees all samples go.
void prefer_sampling_hooks(Domain domain);

// In sampling mode, whether a block has to be looked at.
SILT_ALWAYS_INLINE bool ends_countdown(const track::ThreadLocal& local, size_t size_bytes) {
  return size_bytes > static_cast<uint64_t>(local.sample_countdown);
}
// Whether it will be a sample. (A countdown may be a part only of the way to the next one.)
inline bool covers_point(const track::ThreadLocal& local, size_t size_bytes) {
  return size_bytes > static_cast<uint64_t>(local.sample_countdown + local.state->sample_beyond);
}

// In sampling mode, of how many bytes a block is to be made.
inline size_t bytes_to_ask(const track::ThreadLocal& local, size_t size_bytes) {
  const size_t own_bytes = next_allocators.own_bytes;
  return size_bytes <= own_bytes && covers_point(local, size_bytes) ? own_bytes + 1 : size_bytes;
}

// In sampling mode, of what the next allocator handed out, nullptr when that was nothing.
SILT_ALWAYS_INLINE void sample(track::ThreadLocal& local, const void* address, size_t size_bytes,
                               const hook::HookFrame& hook_frame) {
  if (ends_countdown(local, size_bytes)) [[unlikely]] {
    track::record_sample(local, address, size_bytes, hook::caller_of(hook_frame),
                         track::BlockHeap::kRuntime);
    return;
  }
  local.sample_countdown -= static_cast<int64_t>(size_bytes);
}

SILT_ALWAYS_INLINE void record_exactly(track::ThreadLocal& local, const void* address,
                                       size_t size_bytes, const hook::HookFrame& hook_frame) {
  if (address == nullptr) [[unlikely]]
    return;
  track::record_object(*local.state, address, size_bytes, hook::caller_of(hook_frame));
}

}  // namespace silt::python

#endif  // SILT_INTERPOSER_RUNTIME_PYTHON_OBJECT_HOOKS_H_
