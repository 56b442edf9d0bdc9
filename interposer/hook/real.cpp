// SPDX-License-Identifier: Apache-2.0
//
// See real.h. Normal context, and the arena before there is any other.

#include "interposer/hook/real.h"

#include <dlfcn.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <initializer_list>

#include "interposer/base/attributes.h"
#include "interposer/base/old_symbols.h"
#include "interposer/base/symbol_search.h"
#include "interposer/base/text.h"
#include "interposer/hook/process.h"

namespace silt::hook {

alignas(16) constinit char bootstrap_arena[kArenaSize];

namespace {

constexpr size_t kArenaHeader = 16;  // holds the block's size, keeps blocks aligned
constinit std::atomic<size_t> g_arena_used{0};
constinit std::atomic<bool> g_resolved{false};
constinit std::atomic<bool> g_resolving{false};
constinit std::atomic<bool> g_new_resolved{false};

SILT_COLD void* arena_malloc(size_t size) {
  if (!g_resolving.load(std::memory_order_relaxed)) {
    resolve_real_functions();
    if (real.malloc != arena_malloc) return real.malloc(size);
  }
  if (size > kArenaSize / 2) return nullptr;
  const size_t need = kArenaHeader + ((size + 15) & ~size_t{15});
  const size_t at = g_arena_used.fetch_add(need, std::memory_order_relaxed);
  if (at + need > kArenaSize) return nullptr;
  __builtin_memcpy(bootstrap_arena + at, &size, sizeof(size));
  return bootstrap_arena + at + kArenaHeader;
}

SILT_COLD void* arena_calloc(size_t count, size_t size) {
  size_t total;
  if (__builtin_mul_overflow(count, size, &total)) return nullptr;
  void* const block = arena_malloc(total);  // zero: the arena is used once
  if (block != nullptr && !in_bootstrap_arena(block)) __builtin_memset(block, 0, total);
  return block;
}

SILT_COLD void* arena_realloc(void* old, size_t size) {
  void* const block = arena_malloc(size);
  if (old != nullptr && block != nullptr) {
    const size_t old_size = bootstrap_size(old);
    __builtin_memcpy(block, old, old_size < size ? old_size : size);
  }
  return block;
}

void arena_free(void*) {}

#define SILT_RESOLVE(field, symbol, result, parameters) resolve(symbol, &real.field);

#define SILT_RESOLVE_LATE(field, symbol, result, parameters) resolve_late(symbol, &real.field);

template <typename Function>
void resolve(const char* symbol, Function* function) {
  void* const found = dlsym(RTLD_NEXT, symbol);
  if (found != nullptr) *function = reinterpret_cast<Function>(found);
}

// A library that was opened for one other library alone is not among the next ones.
template <typename Function>
void resolve_late(const char* symbol, Function* function) {
  if (*function != nullptr) return;
  if (base::is_defined_after_this_library(symbol)) resolve(symbol, function);
  base::Library library;
  base::Symbol found;
  if (*function == nullptr && base::find_late_library("libpthread.so.0", symbol, &library) &&
      base::find_symbol(library, symbol, &found)) {
    *function = reinterpret_cast<Function>(found.address);
  }
}

}  // namespace

constinit Real real = [] {
  Real initial{};
  initial.malloc = arena_malloc;
  initial.calloc = arena_calloc;
  initial.realloc = arena_realloc;
  initial.free = arena_free;
  initial.syscall = first_syscall;
  return initial;
}();

size_t bootstrap_size(const void* address) {
  size_t size;
  __builtin_memcpy(&size, static_cast<const char*>(address) - kArenaHeader, sizeof(size));
  return size;
}

bool real_functions_resolved() { return g_resolved.load(std::memory_order_acquire); }

SILT_COLD void resolve_real_functions() {
  if (g_resolving.exchange(true, std::memory_order_acquire)) return;
  const int saved_errno = errno;
  SILT_C_FUNCTIONS(SILT_RESOLVE)
  watch_forks();
  errno = saved_errno;
  g_resolved.store(true, std::memory_order_release);
  g_resolving.store(false, std::memory_order_release);
}

SILT_COLD bool resolve_new_functions() {
  if (g_new_resolved.exchange(true, std::memory_order_acq_rel)) return false;
  const int saved_errno = errno;
  // All or none, and nothing that may be missing: for a failure the loader allocates a message, and
  // frees it when another preloaded library does not expect it.
  if (base::is_defined_after_this_library("_Znwm")) {
    SILT_NEW_FUNCTIONS(SILT_RESOLVE)
  }
  errno = saved_errno;
  return true;
}

SILT_COLD void resolve_late_functions() {
  const int saved_errno = errno;
  SILT_LATE_FUNCTIONS(SILT_RESOLVE_LATE)
  errno = saved_errno;
}

void resolve_remaining_functions() {
  resolve_new_functions();
  resolve_late_functions();
}

SILT_COLD void find_short_operators(const void* (*module_of)(const void* address)) {
  if (real.new_plain == nullptr) return;
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(real.new_plain), &info) == 0 ||
      info.dli_fname == nullptr) {
    return;
  }
  const char* const name = base::base_name(info.dli_fname);
  if (!base::starts_with(name, "libstdc++.so.6")) return;
  const void* const runtime = module_of(reinterpret_cast<const void*>(real.new_plain));
  const void* const next[] = {reinterpret_cast<const void*>(real.new_array),
                              reinterpret_cast<const void*>(real.new_nothrow),
                              reinterpret_cast<const void*>(real.new_array_nothrow),
                              reinterpret_cast<const void*>(real.delete_plain),
                              reinterpret_cast<const void*>(real.delete_array),
                              reinterpret_cast<const void*>(real.delete_nothrow),
                              reinterpret_cast<const void*>(real.delete_array_nothrow),
                              reinterpret_cast<const void*>(real.delete_sized),
                              reinterpret_cast<const void*>(real.delete_array_sized)};
  for (const void* const function : next) {
    if (module_of(function) != runtime) return;
  }
  // What libstdc++'s operators call: one another, malloc and free.
  for (const char* symbol : {"malloc", "free", "_Znwm", "_Znam", "_ZnwmRKSt9nothrow_t", "_ZdlPv",
                             "_ZdaPv", "_ZdlPvm", "_ZdlPvRKSt9nothrow_t"}) {
    if (base::is_defined_before_this_library(symbol)) return;
  }
  real.new_is_malloc = true;
}

SILT_COLD void* find_in_cxx_runtime(const char* symbol) {
  const int saved_errno = errno;
  void* found = dlsym(RTLD_NEXT, symbol);
  for (const char* library : {"libstdc++.so.6", "libc++abi.so.1", "libc++.so.1"}) {
    if (found != nullptr) break;
    void* const handle = dlopen(library, RTLD_LAZY | RTLD_NOLOAD);
    if (handle != nullptr) found = dlsym(handle, symbol);
  }
  dlerror();
  errno = saved_errno;
  return found;
}

}  // namespace silt::hook
