// SPDX-License-Identifier: Apache-2.0
//
// Opening libunwind, and whether it may be called; see the header. open_unwinder is normal context,
// the rest hook context.

#include "interposer/unwind/unwinder.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <atomic>

#include "interposer/base/old_symbols.h"
#include "interposer/base/own_ranges.h"
#include "interposer/base/sandbox.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/unwind/libunwind.h"
#include "interposer/unwind/object.h"

namespace silt::unwind {

constinit base::SpinLock derive_lock;
constinit base::OwnStack<kDeriveStackSize> derive_stack{};

namespace {

constinit std::atomic<bool> g_available{false};

template <typename Function>
bool find_function(void* handle, const char* name, Function* function) {
  *function = reinterpret_cast<Function>(dlsym(handle, name));
  return *function != nullptr;
}

// libunwind opens a pipe when it is first used, for checks of memory that only its own accessors
// need; the program would find its descriptors taken, or a pipe in place of a closed standard
// input. Without room for a pipe libunwind goes on, and opens one when it ever needs it. The limit
// is the whole process's: where another library has already started a thread, which may be opening
// a file, it stays as it is, and two descriptors are taken.
class NoNewFiles {
 public:
  NoNewFiles() {
    changed_ = is_single_threaded() && prlimit(nullptr, &previous_) == 0;
    const rlimit64 none{0, previous_.rlim_max};
    changed_ = changed_ && prlimit(&none, nullptr) == 0;
  }
  ~NoNewFiles() {
    if (changed_) prlimit(&previous_, nullptr);
  }
  NoNewFiles(const NoNewFiles&) = delete;
  NoNewFiles& operator=(const NoNewFiles&) = delete;

 private:
  // A folder has a link of each folder in it, and two.
  static bool is_single_threaded() {
    struct stat tasks {};
    constexpr long kCurrentFolder = -100;
    return base::system_call(SYS_newfstatat, kCurrentFolder,
                             reinterpret_cast<long>("/proc/self/task"),
                             reinterpret_cast<long>(&tasks), 0) != 0 ||
           tasks.st_nlink <= 3;
  }

  static long prlimit(const rlimit64* wanted, rlimit64* previous) {
    return base::system_call(SYS_prlimit64, 0, RLIMIT_NOFILE, reinterpret_cast<long>(wanted),
                             reinterpret_cast<long>(previous));
  }

  rlimit64 previous_{};
  bool changed_;
};

// A package of silt has a copy beside libsilt.so, under a name of its own: nobody else who needs
// libunwind is given it, and a container without the system's has full stacks.
void* open_libunwind() {
  Dl_info own{};
  if (dladdr(reinterpret_cast<const void*>(&open_unwinder), &own) != 0 &&
      own.dli_fname != nullptr) {
    size_t folder_size = 0;
    for (size_t i = 0; own.dli_fname[i] != '\0'; ++i) {
      if (own.dli_fname[i] == '/') folder_size = i + 1;
    }
    base::TextBuffer<4096> path;
    path.add(own.dli_fname, folder_size).add("libsilt-unwind.so");
    void* const handle = folder_size == 0 ? nullptr : dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle != nullptr) return handle;
  }
  return dlopen(arch::kUnwindLibrary, RTLD_NOW | RTLD_LOCAL);
}

}  // namespace

bool open_unwinder() {
  choose_object_search(getenv("SILT_OBJECTS"));
  base::begin_own_modules();
  void* const handle = open_libunwind();
  base::end_own_modules();
  dlerror();
  if (handle == nullptr) return false;
  Libunwind& l = libunwind;
  if (!find_function(handle, SILT_UNWIND_NAME(create_addr_space), &l.create_addr_space) ||
      !find_function(handle, SILT_UNWIND_NAME(set_caching_policy), &l.set_caching_policy) ||
      !find_function(handle, SILT_UNWIND_NAME(init_remote), &l.init_remote) ||
      !find_function(handle, SILT_UNWIND_NAME(step), &l.step) ||
      !find_function(handle, SILT_UNWIND_NAME(get_reg), &l.get_reg) ||
      !find_function(handle, SILT_UNWIND_NAME(dwarf_search_unwind_table), &l.search_unwind_table)) {
    dlerror();
    return false;
  }
  const NoNewFiles no_new_files;
  l.probe_space = l.create_addr_space(&probe_accessors, 0);
  l.walk_space = l.create_addr_space(&walk_accessors, 0);
  if (l.probe_space == nullptr || l.walk_space == nullptr) return false;
  l.set_caching_policy(l.probe_space, UNW_CACHE_NONE);
  l.set_caching_policy(l.walk_space, UNW_CACHE_NONE);
  g_available.store(true, std::memory_order_release);
  return true;
}

bool has_unwinder() {
  if (!g_available.load(std::memory_order_acquire) || derive_lock.was_abandoned()) return false;
  // Its locks block signals.
  constexpr long kArguments[6] = {SIG_SETMASK, 0, 0, 8, 0, 0};
  return !base::sandbox.active() || base::sandbox.survives(SYS_rt_sigprocmask, kArguments);
}

bool libunwind_maps_in_vain() {
  if (!base::sandbox.active() || !derive_stack.contains(__builtin_frame_address(0))) return false;
  constexpr long kArguments[6] = {0, arch::kPageSize, 3, 0x22, -1, 0};
  return !base::sandbox.survives(SYS_mmap, kArguments);
}

}  // namespace silt::unwind
