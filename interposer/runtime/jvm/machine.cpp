// SPDX-License-Identifier: Apache-2.0
//
// See machine.h.

#include "interposer/runtime/jvm/machine.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>

#include "interposer/base/clock.h"
#include "interposer/base/symbol_search.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/snapshot/kernel_file.h"

namespace silt::jvm {
namespace {

constexpr char kLibrary[] = "libjvm.so";
constexpr char kGetCreated[] = "JNI_GetCreatedJavaVMs";
// HotSpot describes its own structures to debuggers under this name; no other machine does.
constexpr char kHotSpotMark[] = "gHotSpotVMStructs";

constexpr uint64_t kMillisecond = 1'000'000;
constexpr uint64_t kFirstPause = 10 * kMillisecond;
constexpr uint64_t kLongestPause = 500 * kMillisecond;
// A launcher that has not started a machine by then has something else to do.
constexpr uint64_t kPatience = 120'000 * kMillisecond;
// Machines before 21, and older updates of those, are told of while they are being made. One whose
// last threads are not seen has surely started after so long.
constexpr uint64_t kSurely = 10'000 * kMillisecond;

void pause_for(uint64_t nanoseconds) {
  const struct timespec time {
    static_cast<time_t>(nanoseconds / 1'000'000'000), static_cast<long>(nanoseconds % 1'000'000'000)
  };
  base::system_call(SYS_nanosleep, reinterpret_cast<long>(&time), 0);
}

// Whether a thread of this process is called so, as the kernel has it.
bool has_last_threads() {
  alignas(dirent64) static constinit char entries[4096]{};
  const long folder =
      snapshot::open_file(AT_FDCWD, "/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return false;
  bool found = false;
  for (;;) {
    const long size =
        base::system_call(SYS_getdents64, folder, reinterpret_cast<long>(entries), sizeof(entries));
    if (size <= 0 || found) break;
    for (long at = 0; at < size && !found;) {
      const auto* const entry = reinterpret_cast<const dirent64*>(entries + at);
      at += entry->d_reclen;
      if (entry->d_name[0] == '.') continue;
      base::TextBuffer<64> path;
      path.add("/proc/self/task/").add(entry->d_name).add("/comm");
      char name[32];
      if (snapshot::read_small_file(path.c_str(), name, sizeof(name)) <= 0) continue;
      // HotSpot starts these two when all else of it has started: the first from 14 on.
      found =
          base::starts_with(name, "Notification Th") || base::starts_with(name, "VM Periodic Tas");
    }
  }
  snapshot::close_file(static_cast<int>(folder));
  return found;
}

}  // namespace

bool is_expected() {
  base::Library library;
  return base::find_library("JLI_Launch", &library) || base::find_library(kGetCreated, &library);
}

bool is_here() {
  base::Library library;
  return base::find_late_library(kLibrary, kGetCreated, &library);
}

Vm* await_machine(const char** why) {
  const uint64_t begin = base::clock_ns(CLOCK_MONOTONIC);
  uint64_t seen = 0;
  for (uint64_t pause = kFirstPause;; pause = pause < kLongestPause ? pause * 5 / 4 : pause) {
    pause_for(pause);
    const uint64_t now = base::clock_ns(CLOCK_MONOTONIC);
    base::Library library;
    base::Symbol get;
    base::Symbol mark;
    if (base::find_late_library(kLibrary, kGetCreated, &library) &&
        base::find_symbol(library, kGetCreated, &get)) {
      if (!base::find_symbol(library, kHotSpotMark, &mark)) {
        *why = "it is no HotSpot";
        return nullptr;
      }
      Vm* vm = nullptr;
      int count = 0;
      if (reinterpret_cast<GetCreatedVms>(get.address)(&vm, 1, &count) == kOk && count == 1) {
        if (seen == 0) seen = now;
        if (has_last_threads() || now - seen > kSurely) return vm;
      }
    }
    if (seen == 0 && now - begin > kPatience) return nullptr;
  }
}

}  // namespace silt::jvm
