// SPDX-License-Identifier: Apache-2.0
//
// Hooks around pymalloc for as long as blocks are sampled: see object_hooks.h. Nothing of silt's
// runs when a block is freed, which would cost as much as all the rest. Instead a block that covers
// a sampling point is asked of pymalloc larger than it cuts blocks itself. So pymalloc takes it
// from malloc, counts it among such blocks (sys.getallocatedblocks), and gives it back to free,
// whose hook knows what was sampled. That is some hundred bytes more for one block in each
// interval. Hook context, with the interpreter's lock.

#include "interposer/hook/guard.h"
#include "interposer/runtime/python/object_hooks.h"
#include "interposer/track/taken_blocks.h"

namespace silt::python {
namespace {

using track::Mode;
using track::recorder;
using track::ThreadLocal;

// Not while somebody else's hooks (tracemalloc's) stand around: they have noted down where to call.
bool replace(Domain domain, const Allocator& there, const Allocator& with) {
  Allocator now;
  interpreter.get_allocator(domain, &now);
  if (now.malloc != there.malloc) return false;
  interpreter.set_allocator(domain, &with);
  return true;
}

// Whether each block is seen to go from here on.
bool see_each(Domain domain) {
  return replace(domain, sampling_hooks(domain), seeing_hooks(domain));
}

// Whether what pymalloc gives back comes by the hook of free, which may be bound to something else:
// tried out with a block that stands for none.
enum Seen : uint8_t { kUnknown, kSeen, kUnseen };
constinit Seen g_seen = kUnknown;

Seen try_free(const Allocator& next) {
  void* const block = next.malloc(next.context, kPymallocLargest + 1);
  if (block == nullptr) return kUnknown;
  const auto at = reinterpret_cast<uint64_t>(block);
  const track::SampledBlock mark{1, track::kNoStack, 0, 0};
  const bool marked = recorder.sampled.insert(at, mark);
  next.free(next.context, block);
  if (!marked) return kUnknown;
  const track::SampledBlock left = recorder.sampled.take(at);
  if (left.stack != track::kNoStack) recorder.sampled.insert(at, left);  // by now another thread's
  return left.stack == track::kNoStack && left.size_bytes == mark.size_bytes ? kUnseen : kSeen;
}

// True when nothing but counting down is to be done about a block: no sampling point lies in it,
// and pymalloc cuts it out of an arena, so that it comes from no other hook.
SILT_ALWAYS_INLINE bool passes(size_t size_bytes) {
  ThreadLocal& local = track::thread_local_part;
  if (local.mode != track::sampling_mode.load(std::memory_order_relaxed)) [[unlikely]]
    return false;
  if (size_bytes > kPymallocLargest || ends_countdown(local, size_bytes)) [[unlikely]]
    return false;
  local.sample_countdown -= static_cast<int64_t>(size_bytes);
  return true;
}

// For all other blocks: kOff when the next allocator is just to be called.
template <Domain domain>
SILT_ALWAYS_INLINE Mode enter(ThreadLocal& local, const hook::HookFrame& hook_frame) {
  const Mode mode = hook::enter(local, hook_frame);
  if (mode == Mode::kExact && !see_each(domain)) {
    hook::leave(local, mode);
    return Mode::kOff;
  }
  return mode;
}

SILT_ALWAYS_INLINE void record_and_leave(ThreadLocal& local, Mode mode, const void* address,
                                         size_t size_bytes, const hook::HookFrame& hook_frame) {
  if (mode == Mode::kExact) {
    record_exactly(local, address, size_bytes, hook_frame);
  } else {
    sample(local, address, size_bytes, hook_frame);
  }
  hook::leave(local, mode);
}

// `call` is the next allocator's, with the bytes to ask for.
template <Domain domain, typename Call>
SILT_ALWAYS_INLINE void* allocate(size_t size_bytes, const hook::HookFrame& hook_frame,
                                  Call&& call) {
  ThreadLocal& local = track::thread_local_part;
  const Mode mode = enter<domain>(local, hook_frame);
  if (mode == Mode::kOff) return call(size_bytes);
  void* const address = call(mode == Mode::kExact ? size_bytes : bytes_to_ask(local, size_bytes));
  record_and_leave(local, mode, address, size_bytes, hook_frame);
  return address;
}

template <Domain domain>
SILT_COLD void* malloc_rarely(void* context, size_t size) {
  return allocate<domain>(size, SILT_HOOK_FRAME,
                          [=](size_t bytes) { return next_of(domain).malloc(context, bytes); });
}

template <Domain domain>
void* sampling_malloc(void* context, size_t size) {
  if (!passes(size)) [[unlikely]]
    return malloc_rarely<domain>(context, size);
  return next_of(domain).malloc(context, size);
}

template <Domain domain>
SILT_COLD void* calloc_rarely(void* context, size_t count, size_t size) {
  const size_t wanted = count * size;
  return allocate<domain>(wanted, SILT_HOOK_FRAME, [=](size_t bytes) {
    if (bytes == wanted) return next_of(domain).calloc(context, count, size);
    return next_of(domain).calloc(context, 1, bytes);
  });
}

// The interpreter has seen to it that the product does not overflow.
template <Domain domain>
void* sampling_calloc(void* context, size_t count, size_t size) {
  if (!passes(count * size)) [[unlikely]]
    return calloc_rarely<domain>(context, count, size);
  return next_of(domain).calloc(context, count, size);
}

// The old block may be a sample.
template <Domain domain>
SILT_COLD void* realloc_rarely(void* context, void* old, size_t size) {
  const Allocator& next = next_of(domain);
  ThreadLocal& local = track::thread_local_part;
  const hook::HookFrame hook_frame = SILT_HOOK_FRAME;
  const Mode mode = enter<domain>(local, hook_frame);
  if (mode == Mode::kOff) return next.realloc(context, old, size);
  track::Taken known;
  if (old != nullptr) known = track::take_object_from_either(old);
  void* const address =
      next.realloc(context, old, mode == Mode::kExact ? size : bytes_to_ask(local, size));
  if (address == nullptr && known.any()) track::restore_object(old, known);
  record_and_leave(local, mode, address, size, hook_frame);
  return address;
}

// A block that moves between arenas and malloc calls other hooks.
template <Domain domain>
void* sampling_realloc(void* context, void* old, size_t size) {
  ThreadLocal& local = track::thread_local_part;
  const hook::HookFrame hook_frame = SILT_HOOK_FRAME;
  const Mode mode = local.mode;
  if (mode != track::sampling_mode.load(std::memory_order_relaxed) || ends_countdown(local, size) ||
      recorder.sampled.perhaps(reinterpret_cast<uint64_t>(old))) [[unlikely]] {
    return realloc_rarely<domain>(context, old, size);
  }
  local.sample_countdown -= static_cast<int64_t>(size);
  hook::mark(local, hook_frame);
  void* const address = next_of(domain).realloc(context, old, size);
  hook::leave(local, mode);
  return address;
}

template <Domain domain>
Allocator hooks_of() {
  const Allocator& next = next_of(domain);
  return {next.context, sampling_malloc<domain>, sampling_calloc<domain>, sampling_realloc<domain>,
          next.free};
}

}  // namespace

Allocator sampling_hooks(Domain domain) {
  return domain == Domain::kObjects ? hooks_of<Domain::kObjects>() : hooks_of<Domain::kMemory>();
}

void prefer_sampling_hooks(Domain domain) {
  if (next_allocators.own_bytes == 0) return;
  // What was recorded exactly before lies in arenas.
  if (recorder.fell_back.load(std::memory_order_relaxed)) return;
  if (g_seen == kUnknown) g_seen = try_free(next_of(domain));
  if (g_seen == kSeen) replace(domain, seeing_hooks(domain), sampling_hooks(domain));
}

}  // namespace silt::python
