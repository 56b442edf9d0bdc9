// SPDX-License-Identifier: Apache-2.0
//
// See objects.h. Hook context.

#include "interposer/runtime/python/objects.h"

#include <atomic>

#include "interposer/base/text.h"
#include "interposer/hook/guard.h"
#include "interposer/runtime/python/frames.h"
#include "interposer/runtime/python/interpreter.h"
#include "interposer/runtime/python/layout.h"
#include "interposer/track/recorder.h"
#include "interposer/track/sampling.h"
#include "interposer/track/taken_blocks.h"

namespace silt::python {
namespace {

using track::BlockHeap;
using track::Mode;
using track::recorder;
using track::ThreadLocal;

// What was there before, by domain.
constinit Allocator g_next[3]{};
constinit ArenaAllocator g_next_arenas{};
constinit std::atomic<uint64_t> g_arena_bytes{0};
// Up to this size blocks are cut out of arenas; 0: it is not pymalloc that does it.
constinit size_t g_own_bytes = 0;
constexpr size_t kPymallocLargest = 512;

const Allocator& next_of(void* context) { return *static_cast<const Allocator*>(context); }

SILT_ALWAYS_INLINE void record(ThreadLocal& local, Mode mode, const void* address,
                               size_t size_bytes, const hook::HookFrame& hook_frame) {
  if (mode == Mode::kExact) [[likely]] {
    if (address != nullptr) [[likely]] {
      track::record_object(*local.state, address, size_bytes, hook::caller_of(hook_frame));
    }
    return;
  }
  if (size_bytes > static_cast<uint64_t>(local.sample_countdown)) [[unlikely]] {
    track::record_sample(local, address, size_bytes, hook::caller_of(hook_frame),
                         BlockHeap::kRuntime);
    return;
  }
  local.sample_countdown -= static_cast<int64_t>(size_bytes);
}

// What the next allocator takes from malloc meanwhile is inside this hook and not recorded again.
template <typename Call>
SILT_ALWAYS_INLINE void* allocate(size_t size_bytes, const hook::HookFrame& hook_frame,
                                  Call&& call) {
  ThreadLocal& local = track::thread_local_part;
  const Mode mode = hook::enter(local, hook_frame);
  if (mode == Mode::kOff) [[unlikely]]
    return call();
  void* const address = call();
  record(local, mode, address, size_bytes, hook_frame);
  hook::leave(local, mode);
  return address;
}

// Blocks that were made before the hooks were there are not known, or known as malloc's.
SILT_ALWAYS_INLINE track::Taken forget(Mode mode, const void* address) {
  const auto at = reinterpret_cast<uint64_t>(address);
  track::Taken taken;
  if (recorder.fell_back.load(std::memory_order_relaxed)) [[unlikely]] {
    return track::take_object_from_either(address);
  }
  if (mode == Mode::kExact) [[likely]] {
    taken.exact = recorder.objects.take(at);
  } else if (recorder.sampled.perhaps(at)) [[unlikely]] {
    taken.sampled = recorder.sampled.take(at);
  }
  return taken;
}

// As in hook::way_of: what pymalloc cuts out of its arenas comes from no other hook, so
// nothing need be marked.
SILT_ALWAYS_INLINE bool passes_unsampled(size_t size_bytes) {
  ThreadLocal& local = track::thread_local_part;
  if (local.mode != track::sampling_mode.load(std::memory_order_relaxed) ||
      size_bytes > g_own_bytes) [[likely]]
    return false;
  if (size_bytes > static_cast<uint64_t>(local.sample_countdown)) [[unlikely]]
    return false;
  local.sample_countdown -= static_cast<int64_t>(size_bytes);
  return true;
}

// What is rare in sampling mode, and what is always done in exact mode; reached with a jump, so
// that its frame is the hook's, and so that the hook itself saves no registers.
__attribute__((noinline)) void* malloc_recorded(void* context, size_t size) {
  const Allocator& next = next_of(context);
  return allocate(size, SILT_HOOK_FRAME, [&] { return next.malloc(next.context, size); });
}

void* object_malloc(void* context, size_t size) {
  if (!passes_unsampled(size)) return malloc_recorded(context, size);
  const Allocator& next = next_of(context);
  return next.malloc(next.context, size);
}

void* object_calloc(void* context, size_t count, size_t size) {
  const Allocator& next = next_of(context);
  return allocate(count * size, SILT_HOOK_FRAME,
                  [&] { return next.calloc(next.context, count, size); });
}

void* object_realloc(void* context, void* old, size_t size) {
  const Allocator& next = next_of(context);
  ThreadLocal& local = track::thread_local_part;
  const hook::HookFrame hook_frame = SILT_HOOK_FRAME;
  const Mode mode = hook::enter(local, hook_frame);
  if (mode == Mode::kOff) [[unlikely]]
    return next.realloc(next.context, old, size);
  const track::Taken known = old == nullptr ? track::Taken{} : forget(mode, old);
  void* const address = next.realloc(next.context, old, size);
  if (address == nullptr && known.any()) [[unlikely]]
    track::restore_object(old, known);
  record(local, mode, address, size, hook_frame);
  hook::leave(local, mode);
  return address;
}

__attribute__((noinline)) void free_recorded(void* context, void* address) {
  const Allocator& next = next_of(context);
  ThreadLocal& local = track::thread_local_part;
  const Mode mode = hook::enter(local, SILT_HOOK_FRAME);
  if (mode == Mode::kOff) [[unlikely]]
    return next.free(next.context, address);
  if (address != nullptr) forget(mode, address);
  next.free(next.context, address);
  hook::leave(local, mode);
}

void object_free(void* context, void* address) {
  if (track::thread_local_part.mode != track::sampling_mode.load(std::memory_order_relaxed) ||
      recorder.fell_back.load(std::memory_order_relaxed) ||
      recorder.sampled.perhaps(reinterpret_cast<uint64_t>(address))) {
    return free_recorded(context, address);
  }
  const Allocator& next = next_of(context);
  return next.free(next.context, address);
}

void* map_arena(void* context, size_t size) {
  const ArenaAllocator& next = *static_cast<const ArenaAllocator*>(context);
  ThreadLocal& local = track::thread_local_part;
  const Mode mode = hook::enter(local, SILT_HOOK_FRAME);
  void* const arena = next.alloc(next.context, size);
  if (mode != Mode::kOff) hook::leave(local, mode);
  if (arena == nullptr) return nullptr;
  g_arena_bytes.fetch_add(size, std::memory_order_relaxed);
  leave_frames_at(0, 0);
  return arena;
}

void unmap_arena(void* context, void* address, size_t size) {
  const ArenaAllocator& next = *static_cast<const ArenaAllocator*>(context);
  // Python frames lie in such memory, and the anchor may lead there for some instructions more.
  leave_frames_at(reinterpret_cast<uint64_t>(address), size);
  // Made before the hooks were there, it is not counted.
  uint64_t bytes = g_arena_bytes.load(std::memory_order_relaxed);
  while (!g_arena_bytes.compare_exchange_weak(bytes, bytes > size ? bytes - size : 0,
                                              std::memory_order_relaxed)) {
  }
  // One that was, is a mapping of the program's in the books; inside a hook of ours munmap's own
  // does not look.
  const auto start = reinterpret_cast<uint64_t>(address);
  if (recorder.record_mappings) recorder.mappings.remove(start, start + size);
  next.free(next.context, address, size);
}

void hook_domain(Domain domain) {
  Allocator& next = g_next[static_cast<int>(domain)];
  interpreter.get_allocator(domain, &next);
  const Allocator ours{&next, object_malloc, object_calloc, object_realloc, object_free};
  interpreter.set_allocator(domain, &ours);
}

}  // namespace

void hook_objects() {
  const char* const name = interpreter.allocator_name();
  g_own_bytes = name != nullptr && base::equal(name, "pymalloc") ? kPymallocLargest : 0;
  interpreter.get_arenas(&g_next_arenas);
  const ArenaAllocator arenas{&g_next_arenas, map_arena, unmap_arena};
  interpreter.set_arenas(&arenas);
  hook_domain(Domain::kMemory);
  hook_domain(Domain::kObjects);
}

uint64_t arena_bytes() { return g_arena_bytes.load(std::memory_order_relaxed); }

}  // namespace silt::python
