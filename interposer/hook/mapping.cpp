// SPDX-License-Identifier: Apache-2.0
//
// mmap and relatives, for anonymous memory that the program maps itself. Reservations (PROT_NONE)
// are not memory and are left out. What an allocator maps inside another hook passes through: its
// blocks are counted, not its arenas. Hook context.

#include <stdarg.h>
#include <sys/mman.h>

#include <cerrno>

#include "interposer/base/memory.h"
#include "interposer/hook/guard.h"
#include "interposer/track/taken_blocks.h"

namespace silt::hook {
namespace {

using base::page_up;

template <typename Call>
SILT_ALWAYS_INLINE void* map(size_t size, int protection, int flags, const HookFrame& hook_frame,
                             Call&& call) {
  ThreadLocal& local = track::thread_local_part;
  const Mode mode = enter(local, hook_frame);
  if (mode == Mode::kOff) return track::libunwind_maps_in_vain() ? MAP_FAILED : call();
  void* const address = call();
  if (address != MAP_FAILED && recorder.record_mappings) {
    const int saved_errno = errno;
    const auto start = reinterpret_cast<uint64_t>(address);
    if ((flags & MAP_ANONYMOUS) != 0 && protection != PROT_NONE) {
      track::record_mapping(*local.state, start, page_up(size), caller_of(hook_frame));
    } else if ((flags & MAP_FIXED) != 0) {
      recorder.mappings.remove(start, start + page_up(size));
    }
    errno = saved_errno;
  }
  leave(local, mode);
  return address;
}

}  // namespace
}  // namespace silt::hook

using silt::hook::enter;
using silt::hook::leave;
using silt::hook::Mode;
using silt::hook::real;
using silt::hook::recorder;

extern "C" {

SILT_EXPORT void* mmap(void* wanted, size_t size, int protection, int flags, int fd, off_t offset) {
  return silt::hook::map(size, protection, flags, SILT_HOOK_FRAME,
                         [=] { return real.mmap(wanted, size, protection, flags, fd, offset); });
}

SILT_EXPORT void* mmap64(void* wanted, size_t size, int protection, int flags, int fd,
                         off_t offset) {
  return silt::hook::map(size, protection, flags, SILT_HOOK_FRAME,
                         [=] { return real.mmap64(wanted, size, protection, flags, fd, offset); });
}

SILT_EXPORT int munmap(void* address, size_t size) {
  silt::track::ThreadLocal& local = silt::track::thread_local_part;
  const Mode mode = enter(local, SILT_HOOK_FRAME);
  if (mode == Mode::kOff) return real.munmap(address, size);
  // Before the real call: afterwards another thread may have mapped something there.
  const auto start = reinterpret_cast<uint64_t>(address);
  if (!recorder.record_mappings ||
      recorder.mappings.remove(start, start + silt::hook::page_up(size))) {
    recorder.epoch.fetch_add(1, std::memory_order_release);  // it may have been a stack
  }
  const int result = real.munmap(address, size);
  leave(local, mode);
  return result;
}

SILT_EXPORT void* mremap(void* old, size_t old_size, size_t new_size, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  void* const wanted = (flags & MREMAP_FIXED) != 0 ? va_arg(arguments, void*) : nullptr;
  va_end(arguments);
  silt::track::ThreadLocal& local = silt::track::thread_local_part;
  const Mode mode = enter(local, SILT_HOOK_FRAME);
  if (mode == Mode::kOff) return real.mremap(old, old_size, new_size, flags, wanted);
  // Taken away before the real call: afterwards another thread may have mapped something there.
  const auto from = reinterpret_cast<uint64_t>(old);
  const uint64_t to = from + silt::hook::page_up(old_size);
  silt::track::MappingRange known;
  const bool recorded = recorder.record_mappings && recorder.mappings.find(from, &known);
  if (recorded) recorder.mappings.remove(from, to);
  void* const address = real.mremap(old, old_size, new_size, flags, wanted);
  if (!recorder.record_mappings) {
    recorder.epoch.fetch_add(1, std::memory_order_release);
  } else {
    const int saved_errno = errno;
    const auto start = reinterpret_cast<uint64_t>(address);
    if (recorded && address != MAP_FAILED) {
      silt::track::record_mapping(*local.state, start, silt::hook::page_up(new_size),
                                  silt::hook::caller_of(SILT_HOOK_FRAME));
      recorder.epoch.fetch_add(1, std::memory_order_release);  // it may have been a stack
    } else if (recorded) {
      known.counted = known.counted && known.start == from;
      known.start = from;
      if (known.end > to) known.end = to;
      silt::track::restore(known);
    } else if (address != MAP_FAILED && (flags & MREMAP_FIXED) != 0) {
      recorder.mappings.remove(start, start + silt::hook::page_up(new_size));
    }
    errno = saved_errno;
  }
  leave(local, mode);
  return address;
}

}  // extern "C"
