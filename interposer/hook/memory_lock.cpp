// SPDX-License-Identifier: Apache-2.0
//
// mlockall. A program may lock as much as RLIMIT_MEMLOCK says, and the kernel holds all that is
// mapped against that, however little of it is used: with silt's tables it would refuse what it
// grants without them, or fill them. So the program's memory is locked range by range, silt's is
// left out, and whether it is too much is decided by the program's own. Normal context.

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <atomic>
#include <cerrno>

#include "interposer/base/attributes.h"
#include "interposer/base/memory.h"
#include "interposer/base/own_ranges.h"
#include "interposer/base/process_identity.h"
#include "interposer/base/system_call.h"
#include "interposer/hook/real.h"
#include "interposer/track/recorder.h"

namespace silt::hook {
namespace {

using base::system_call;

// The kernel locks what comes to be mapped, as far as this library has been told.
constinit std::atomic<bool> g_future_locked{false};

struct Work {
  base::Range own[base::kMostOwnRanges];
  size_t own_count;
  char text[4096];  // of /proc/self/maps
};

// Calls `visit` with each part of [start, end) that is not silt's; `next` is the first own range
// that may lie in it.
template <typename Visit>
void visit_parts(const Work& work, size_t& next, uint64_t start, uint64_t end, Visit&& visit) {
  while (next < work.own_count && work.own[next].end <= start) ++next;
  for (size_t i = next; i < work.own_count && work.own[i].start < end; ++i) {
    if (work.own[i].start > start) visit(start, work.own[i].start);
    if (work.own[i].end > start) start = work.own[i].end;
  }
  if (start < end) visit(start, end);
}

// Calls `visit(start, end)` with all mapped memory that is not silt's, ascending. Lines of
// /proc/self/maps begin with "start-end "; what follows may be long and is skipped. False when
// there is no such file.
template <typename Visit>
bool visit_program_memory(Work& work, Visit&& visit) {
  constexpr int kReadOnly = 02000000;  // O_RDONLY | O_CLOEXEC
  const long fd =
      system_call(SYS_openat, -100, reinterpret_cast<long>("/proc/self/maps"), kReadOnly);
  if (fd < 0) return false;
  size_t next = 0;
  uint64_t numbers[2] = {};
  unsigned field = 0;  // 0: start, 1: end, 2: the rest of the line
  for (;;) {
    const long count = system_call(SYS_read, fd, reinterpret_cast<long>(work.text), 4096);
    if (count == -EINTR) continue;
    if (count <= 0) break;
    for (long i = 0; i < count; ++i) {
      const char letter = work.text[i];
      if (letter == '\n') {
        field = 0;
        numbers[0] = numbers[1] = 0;
      } else if (field < 2) {
        if (letter >= '0' && letter <= '9') {
          numbers[field] = numbers[field] << 4 | static_cast<unsigned>(letter - '0');
        } else if (letter >= 'a' && letter <= 'f') {
          numbers[field] = numbers[field] << 4 | static_cast<unsigned>(letter - 'a' + 10);
        } else if (++field == 2 && numbers[1] >> arch::kAddressBits == 0) {
          // (What lies above is the kernel's vsyscall page, which does not count.)
          visit_parts(work, next, numbers[0], numbers[1], visit);
        }
      }
    }
  }
  system_call(SYS_close, fd);
  return true;
}

// False when the call itself is not to be had.
bool lock_range(uint64_t start, uint64_t end, bool on_fault) {
  const auto size = static_cast<long>(end - start);
  long result = system_call(SYS_mlock2, static_cast<long>(start), size, on_fault ? 1 : 0);
  if (result == -ENOSYS && !on_fault) {
    result = system_call(SYS_mlock, static_cast<long>(start), size);
  }
  // mlockall, too, says nothing about what cannot be filled, and what has gone meanwhile.
  return result != -ENOSYS && result != -EPERM;
}

uint64_t locked_limit() {
  struct rlimit limit {};
  if (system_call(SYS_prlimit64, 0, RLIMIT_MEMLOCK, 0, reinterpret_cast<long>(&limit)) != 0) {
    return 0;
  }
  return limit.rlim_cur;
}

// `work.own` is filled. Answers as mlockall(flags) would without silt.
int lock_program_memory(Work& work, int flags) {
  uint64_t bytes = 0;
  if (!visit_program_memory(work, [&](uint64_t start, uint64_t end) { bytes += end - start; })) {
    return real.mlockall(flags);
  }
  const bool on_fault = (flags & MCL_ONFAULT) != 0;
  if (bytes > locked_limit()) {
    // The kernel decides whether this process may all the same; nothing is filled yet.
    const int result = real.mlockall(flags | MCL_ONFAULT);
    if (result != 0) return result;
    for (size_t i = 0; i < work.own_count; ++i) {
      system_call(SYS_munlock, static_cast<long>(work.own[i].start),
                  static_cast<long>(work.own[i].end - work.own[i].start));
    }
  } else if ((flags & MCL_FUTURE) == 0 && g_future_locked.load(std::memory_order_relaxed)) {
    // MCL_CURRENT alone ends what MCL_FUTURE began.
    system_call(SYS_munlockall);
  }
  if ((flags & MCL_FUTURE) != 0) {
    const int result = real.mlockall(flags & ~MCL_CURRENT);
    if (result != 0) return result;
  }
  g_future_locked.store((flags & MCL_FUTURE) != 0, std::memory_order_relaxed);
  bool possible = true;
  visit_program_memory(work, [&](uint64_t start, uint64_t end) {
    possible = possible && lock_range(start, end, on_fault);
  });
  return possible ? 0 : real.mlockall(flags);
}

int lock_all(int flags) {
  constexpr int kKnown = MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT;
  if ((flags & ~kKnown) != 0 || (flags & (MCL_CURRENT | MCL_FUTURE)) == 0 ||
      !track::recorder.started.load(std::memory_order_acquire) || !base::in_own_process()) {
    return real.mlockall(flags);
  }
  if ((flags & MCL_FUTURE) != 0) base::keep_memory_unlocked();
  if ((flags & MCL_CURRENT) == 0) {
    const int result = real.mlockall(flags);
    if (result == 0) g_future_locked.store(true, std::memory_order_relaxed);
    return result;
  }
  auto* const work = static_cast<Work*>(base::map_memory(sizeof(Work)));
  if (work == nullptr) return real.mlockall(flags);
  work->own_count = base::own_ranges(work->own);
  const int result = lock_program_memory(*work, flags);
  const int saved_errno = errno;
  base::unmap_memory(work, sizeof(Work));
  errno = saved_errno;
  return result;
}

}  // namespace
}  // namespace silt::hook

extern "C" SILT_EXPORT int mlockall(int flags) {
  if (silt::hook::real.mlockall == nullptr) [[unlikely]]
    silt::hook::resolve_real_functions();
  return silt::hook::lock_all(flags);
}
