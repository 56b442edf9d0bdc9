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
#include "interposer/runtime/python/object_hooks.h"
#include "interposer/track/recorder.h"
#include "interposer/track/taken_blocks.h"

namespace silt::python {

constinit NextAllocators next_allocators{};

namespace {

using track::Mode;
using track::recorder;
using track::ThreadLocal;

constinit ArenaAllocator g_next_arenas{};
constinit std::atomic<uint64_t> g_arena_bytes{0};

Domain domain_of(const void* context) {
  return context == &next_of(Domain::kObjects) ? Domain::kObjects : Domain::kMemory;
}
const Allocator& next_of(void* context) { return *static_cast<const Allocator*>(context); }

// What the next allocator takes from malloc meanwhile is inside this hook and not recorded again.
// `call` is told of how many bytes the block is to be.
template <typename Call>
SILT_ALWAYS_INLINE void* allocate(const void* context, size_t size_bytes,
                                  const hook::HookFrame& hook_frame, Call&& call) {
  ThreadLocal& local = track::thread_local_part;
  const Mode mode = hook::enter(local, hook_frame);
  if (mode == Mode::kOff) [[unlikely]]
    return call(size_bytes);
  void* address;
  if (mode == Mode::kExact) [[likely]] {
    address = call(size_bytes);
    record_exactly(local, address, size_bytes, hook_frame);
  } else {
    const bool covers = covers_point(local, size_bytes);
    address = call(bytes_to_ask(local, size_bytes));
    sample(local, address, size_bytes, hook_frame);
    if (covers) [[unlikely]]
      prefer_sampling_hooks(domain_of(context));
  }
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
      size_bytes > next_allocators.own_bytes) [[likely]]
    return false;
  if (ends_countdown(local, size_bytes)) [[unlikely]]
    return false;
  local.sample_countdown -= static_cast<int64_t>(size_bytes);
  return true;
}

// What is rare in sampling mode, and what is always done in exact mode; reached with a jump, so
// that its frame is the hook's, and so that the hook itself saves no registers.
__attribute__((noinline)) void* malloc_recorded(void* context, size_t size) {
  const Allocator& next = next_of(context);
  return allocate(context, size, SILT_HOOK_FRAME,
                  [&](size_t bytes) { return next.malloc(next.context, bytes); });
}

void* object_malloc(void* context, size_t size) {
  if (!passes_unsampled(size)) return malloc_recorded(context, size);
  const Allocator& next = next_of(context);
  return next.malloc(next.context, size);
}

void* object_calloc(void* context, size_t count, size_t size) {
  const Allocator& next = next_of(context);
  const size_t wanted = count * size;
  return allocate(context, wanted, SILT_HOOK_FRAME, [&](size_t bytes) {
    if (bytes == wanted) return next.calloc(next.context, count, size);
    return next.calloc(next.context, 1, bytes);
  });
}

void* object_realloc(void* context, void* old, size_t size) {
  const Allocator& next = next_of(context);
  ThreadLocal& local = track::thread_local_part;
  const hook::HookFrame hook_frame = SILT_HOOK_FRAME;
  const Mode mode = hook::enter(local, hook_frame);
  if (mode == Mode::kOff) [[unlikely]]
    return next.realloc(next.context, old, size);
  const track::Taken known = old == nullptr ? track::Taken{} : forget(mode, old);
  const bool covers = mode != Mode::kExact && covers_point(local, size);
  const size_t bytes = mode == Mode::kExact ? size : bytes_to_ask(local, size);
  void* const address = next.realloc(next.context, old, bytes);
  if (address == nullptr && known.any()) [[unlikely]]
    track::restore_object(old, known);
  if (mode == Mode::kExact) [[likely]] {
    record_exactly(local, address, size, hook_frame);
  } else {
    sample(local, address, size, hook_frame);
    if (covers) [[unlikely]]
      prefer_sampling_hooks(domain_of(context));
  }
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

}  // namespace

Allocator seeing_hooks(Domain domain) {
  return {&next_of(domain), object_malloc, object_calloc, object_realloc, object_free};
}

void hook_objects() {
  const char* const name = interpreter.allocator_name();
  const bool is_pymalloc = name != nullptr && base::equal(name, "pymalloc");
  next_allocators.own_bytes = is_pymalloc ? kPymallocLargest : 0;
  interpreter.get_arenas(&g_next_arenas);
  const ArenaAllocator arenas{&g_next_arenas, map_arena, unmap_arena};
  interpreter.set_arenas(&arenas);
  for (const Domain domain : {Domain::kMemory, Domain::kObjects}) {
    interpreter.get_allocator(domain, &next_of(domain));
    const Allocator ours = seeing_hooks(domain);
    interpreter.set_allocator(domain, &ours);
  }
}

uint64_t arena_bytes() { return g_arena_bytes.load(std::memory_order_relaxed); }

}  // namespace silt::python
