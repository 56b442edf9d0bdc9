// SPDX-License-Identifier: Apache-2.0
//
// Every operator new and delete. They forward to the next definition of the very same operator, so
// that what a C++ runtime, another allocator or the program itself defines is what runs.
//
// operator new may throw through a hook. The interposer has no C++ runtime to catch with, and needs
// none: unwinding through a function calls the personality routine that its unwind information
// names, and all there is to do is to take the thread's mark away. So these functions name one of
// our own, and do not let the compiler move parts of them elsewhere (the build passes
// -fno-reorder-blocks-and-partition), where that would not hold. Hook context.

#include <new>

#include "interposer/base/attributes.h"
#include "interposer/base/log.h"
#include "interposer/hook/guard.h"

// Itanium C++ ABI, level I: phase 2 is the one that really unwinds. Continues to the caller.
extern "C" __attribute__((visibility("hidden"), used)) int silt_new_personality(int /*version*/,
                                                                                int actions,
                                                                                uint64_t, void*,
                                                                                void*) {
  constexpr int kCleanupPhase = 2;
  constexpr int kContinueUnwind = 8;
  using silt::track::Mode;
  silt::track::ThreadLocal& local = silt::track::thread_local_part;
  if ((actions & kCleanupPhase) != 0 && local.mode == Mode::kInHook && local.state != nullptr) {
    local.mode = silt::track::recording_mode();
  }
  return kContinueUnwind;
}

// 0x1b: relative to the place, four signed bytes.
#define SILT_UNMARK_WHEN_THROWN_THROUGH asm volatile(".cfi_personality 0x1b, silt_new_personality")

namespace silt::hook {
namespace {

// A C++ library in a process that started as a C program: its runtime was not there when symbols
// were resolved. What libstdc++'s operators do is malloc and free.
SILT_COLD void throw_bad_alloc() {
  using Throw = void (*)();
  const auto throw_it = reinterpret_cast<Throw>(find_in_cxx_runtime("_ZSt17__throw_bad_allocv"));
  if (throw_it != nullptr) throw_it();
  base::log(base::LogLevel::kError, "operator new: out of memory, and no C++ runtime to say so");
  __builtin_trap();
}

SILT_COLD void* new_without_runtime(size_t size) {
  void* const address = real.malloc(size == 0 ? 1 : size);
  if (address == nullptr) throw_bad_alloc();
  return address;
}

SILT_COLD void* aligned_new_without_runtime(size_t size, std::align_val_t alignment) {
  void* address = nullptr;
  const auto bytes = static_cast<size_t>(alignment);
  if (real.posix_memalign(&address, bytes < sizeof(void*) ? sizeof(void*) : bytes,
                          size == 0 ? 1 : size) != 0) {
    return nullptr;
  }
  return address;
}

SILT_COLD void* aligned_new_or_throw(size_t size, std::align_val_t alignment) {
  void* const address = aligned_new_without_runtime(size, alignment);
  if (address == nullptr) throw_bad_alloc();
  return address;
}

}  // namespace
}  // namespace silt::hook

using silt::hook::allocate;
using silt::hook::Mode;
using silt::hook::real;
using silt::hook::release;
using silt::hook::Way;
using std::align_val_t;
using std::nothrow_t;

#define SILT_CALL_NEXT(field, arguments, otherwise)                                   \
  if (real.field != nullptr) [[likely]]                                               \
    return real.field arguments;                                                      \
  if (silt::hook::resolve_new_functions() && real.field) return real.field arguments; \
  return otherwise;

#define SILT_NEW(parameters, field, arguments, otherwise)                                        \
  SILT_EXPORT void* parameters {                                                                 \
    SILT_UNMARK_WHEN_THROWN_THROUGH;                                                             \
    return allocate(size, SILT_HOOK_FRAME,                                                       \
                    [&]() -> void* { SILT_CALL_NEXT(field, arguments, silt::hook::otherwise) }); \
  }

#define SILT_DELETE(parameters, field, arguments)                          \
  SILT_EXPORT void parameters noexcept {                                   \
    release(address, SILT_HOOK_FRAME,                                      \
            [&] { SILT_CALL_NEXT(field, arguments, real.free(address)) }); \
  }

// Those that libstdc++ makes of malloc and free. For a malloc that fails there is more to do.
#define SILT_SHORT_NEW(parameters, field, arguments, otherwise)                                 \
  SILT_EXPORT void* parameters {                                                                \
    SILT_UNMARK_WHEN_THROWN_THROUGH;                                                            \
    silt::track::ThreadLocal& local = silt::track::thread_local_part;                           \
    const silt::hook::HookFrame hook_frame = SILT_HOOK_FRAME;                                   \
    Mode mode;                                                                                  \
    const Way way = real.new_is_malloc ? silt::hook::way_of(local, &mode, size) : Way::kRarely; \
    if (way == Way::kPass) {                                                                    \
      void* const address = real.malloc(size == 0 ? 1 : size);                                  \
      if (address != nullptr) [[likely]]                                                        \
        return address;                                                                         \
    }                                                                                           \
    const auto call = [&]() -> void* {                                                          \
      if (real.new_is_malloc) [[likely]] {                                                      \
        void* const address = real.malloc(size == 0 ? 1 : size);                                \
        if (address != nullptr) [[likely]]                                                      \
          return address;                                                                       \
      }                                                                                         \
      SILT_CALL_NEXT(field, arguments, silt::hook::otherwise)                                   \
    };                                                                                          \
    if (way == Way::kRecord) [[likely]] {                                                       \
      silt::hook::mark(local, hook_frame);                                                      \
    } else {                                                                                    \
      mode = silt::hook::enter(local, hook_frame);                                              \
      if (mode == Mode::kOff) return call();                                                    \
    }                                                                                           \
    return silt::hook::allocate_marked(local, mode, size, hook_frame, call);                    \
  }

#define SILT_SHORT_DELETE(parameters, field, arguments)                                           \
  SILT_EXPORT void parameters noexcept {                                                          \
    if (real.new_is_malloc) [[likely]]                                                            \
      return silt::hook::release_by_free(address);                                                \
    /* Apart, so that the short way saves no registers. */                                        \
    const void* const hook_frame = SILT_HOOK_FRAME;                                               \
    [=]() __attribute__((noinline)) {                                                             \
      release(address, hook_frame, [=] { SILT_CALL_NEXT(field, arguments, real.free(address)) }); \
    }                                                                                             \
    ();                                                                                           \
  }

// clang-format off
SILT_SHORT_NEW(operator new(size_t size), new_plain, (size), new_without_runtime(size))
SILT_SHORT_NEW(operator new[](size_t size), new_array, (size), new_without_runtime(size))
SILT_SHORT_NEW(operator new(size_t size, const nothrow_t& tag) noexcept, new_nothrow, (size, tag),
               real.malloc(size == 0 ? 1 : size))
SILT_SHORT_NEW(operator new[](size_t size, const nothrow_t& tag) noexcept, new_array_nothrow,
               (size, tag), real.malloc(size == 0 ? 1 : size))
SILT_NEW(operator new(size_t size, align_val_t alignment), new_aligned, (size, alignment),
         aligned_new_or_throw(size, alignment))
SILT_NEW(operator new[](size_t size, align_val_t alignment), new_array_aligned, (size, alignment),
         aligned_new_or_throw(size, alignment))
SILT_NEW(operator new(size_t size, align_val_t alignment, const nothrow_t& tag) noexcept,
         new_aligned_nothrow, (size, alignment, tag), aligned_new_without_runtime(size, alignment))
SILT_NEW(operator new[](size_t size, align_val_t alignment, const nothrow_t& tag) noexcept,
         new_array_aligned_nothrow, (size, alignment, tag),
         aligned_new_without_runtime(size, alignment))

SILT_SHORT_DELETE(operator delete(void* address), delete_plain, (address))
SILT_SHORT_DELETE(operator delete[](void* address), delete_array, (address))
SILT_SHORT_DELETE(operator delete(void* address, const nothrow_t& tag), delete_nothrow, (address, tag))
SILT_SHORT_DELETE(operator delete[](void* address, const nothrow_t& tag), delete_array_nothrow,
            (address, tag))
SILT_SHORT_DELETE(operator delete(void* address, size_t size), delete_sized, (address, size))
SILT_SHORT_DELETE(operator delete[](void* address, size_t size), delete_array_sized, (address, size))
SILT_DELETE(operator delete(void* address, align_val_t alignment), delete_aligned,
            (address, alignment))
SILT_DELETE(operator delete[](void* address, align_val_t alignment), delete_array_aligned,
            (address, alignment))
SILT_DELETE(operator delete(void* address, size_t size, align_val_t alignment),
            delete_sized_aligned, (address, size, alignment))
SILT_DELETE(operator delete[](void* address, size_t size, align_val_t alignment),
            delete_array_sized_aligned, (address, size, alignment))
SILT_DELETE(operator delete(void* address, align_val_t alignment, const nothrow_t& tag),
            delete_aligned_nothrow, (address, alignment, tag))
SILT_DELETE(operator delete[](void* address, align_val_t alignment, const nothrow_t& tag),
            delete_array_aligned_nothrow, (address, alignment, tag))
// clang-format on
