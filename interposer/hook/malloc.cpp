// SPDX-License-Identifier: Apache-2.0
//
// The C allocation functions. Sizes recorded are the requested ones. Hook context.

#include <cerrno>
#include <cstddef>
#include <cstdlib>

#include "interposer/base/attributes.h"
#include "interposer/hook/guard.h"
#include "interposer/hook/resize.h"

namespace silt::hook {
namespace {

// Of malloc and calloc only the question what is to be done stands in the hook itself, so that what
// passes by is reached without a frame, and saves no registers. All others are reached with a jump,
// so that the caller's frame is next to theirs.
__attribute__((noinline)) void* record_malloc(size_t size) {
  ThreadLocal& local = track::thread_local_part;
  const HookFrame hook_frame = SILT_HOOK_FRAME;
  mark(local, hook_frame);
  return allocate_marked(local, Mode::kExact, size, hook_frame, [=] { return real.malloc(size); });
}
SILT_COLD void* malloc_rarely(size_t size) {
  return allocate(size, SILT_HOOK_FRAME, [=] { return real.malloc(size); });
}

// An overflowing product fails in the real function, and nothing is recorded.
__attribute__((noinline)) void* record_calloc(size_t count, size_t size) {
  ThreadLocal& local = track::thread_local_part;
  const HookFrame hook_frame = SILT_HOOK_FRAME;
  mark(local, hook_frame);
  return allocate_marked(local, Mode::kExact, count * size, hook_frame,
                         [=] { return real.calloc(count, size); });
}
SILT_COLD void* calloc_rarely(size_t count, size_t size) {
  return allocate(count * size, SILT_HOOK_FRAME, [=] { return real.calloc(count, size); });
}

}  // namespace
}  // namespace silt::hook

using silt::hook::allocate;
using silt::hook::Mode;
using silt::hook::real;
using silt::hook::release;
using silt::hook::resize;
using silt::hook::Way;
using silt::hook::way_of;

extern "C" {

SILT_EXPORT SILT_FRAMELESS void* malloc(size_t size) {
  silt::track::ThreadLocal& local = silt::track::thread_local_part;
  Mode mode;
  const Way way = way_of(local, &mode, size);
  if (way == Way::kPass) return real.malloc(size);
  if (way == Way::kRecord && mode == Mode::kExact) return silt::hook::record_malloc(size);
  return silt::hook::malloc_rarely(size);
}

SILT_EXPORT SILT_FRAMELESS void* calloc(size_t count, size_t size) {
  silt::track::ThreadLocal& local = silt::track::thread_local_part;
  Mode mode;
  const Way way = way_of(local, &mode, count * size);
  if (way == Way::kPass) return real.calloc(count, size);
  if (way == Way::kRecord && mode == Mode::kExact) return silt::hook::record_calloc(count, size);
  return silt::hook::calloc_rarely(count, size);
}

SILT_EXPORT void* realloc(void* old, size_t size) {
  return resize(old, size, SILT_HOOK_FRAME, [=] { return real.realloc(old, size); });
}

SILT_EXPORT void* reallocarray(void* old, size_t count, size_t size) {
  size_t total;
  if (__builtin_mul_overflow(count, size, &total)) [[unlikely]] {
    return real.reallocarray(old, count, size);
  }
  return resize(old, total, SILT_HOOK_FRAME, [=] { return real.reallocarray(old, count, size); });
}

SILT_EXPORT void free(void* address) { silt::hook::release_by_free(address); }

SILT_EXPORT int posix_memalign(void** out, size_t alignment, size_t size) {
  int result = 0;
  void* address = nullptr;
  allocate(size, SILT_HOOK_FRAME, [&]() -> void* {
    result = real.posix_memalign(&address, alignment, size);
    return result == 0 ? address : nullptr;
  });
  if (result == 0) *out = address;
  return result;
}

SILT_EXPORT void* aligned_alloc(size_t alignment, size_t size) {
  return allocate(size, SILT_HOOK_FRAME, [=] { return real.aligned_alloc(alignment, size); });
}

SILT_EXPORT void* memalign(size_t alignment, size_t size) {
  return allocate(size, SILT_HOOK_FRAME, [=] { return real.memalign(alignment, size); });
}

SILT_EXPORT void* valloc(size_t size) {
  return allocate(size, SILT_HOOK_FRAME, [=] { return real.valloc(size); });
}

SILT_EXPORT void* pvalloc(size_t size) {
  return allocate(size, SILT_HOOK_FRAME, [=] { return real.pvalloc(size); });
}

// C23: what free does, told more than it needs to know.
SILT_EXPORT void free_sized(void* address, size_t) {
  release(address, SILT_HOOK_FRAME, [=] { real.free(address); });
}

SILT_EXPORT void free_aligned_sized(void* address, size_t, size_t) {
  release(address, SILT_HOOK_FRAME, [=] { real.free(address); });
}

}  // extern "C"
