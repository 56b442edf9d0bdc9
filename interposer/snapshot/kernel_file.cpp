// SPDX-License-Identifier: Apache-2.0
//
// See kernel_file.h. Signal context.

#include "interposer/snapshot/kernel_file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>

#include <cerrno>
#include <initializer_list>

#include "interposer/base/arch.h"

namespace silt::snapshot {
namespace {

constexpr size_t kSignalSetSize = 8;
constexpr uint64_t bit_of(int signal) { return uint64_t{1} << (signal - 1); }

uint64_t pending_signals() {
  uint64_t set = 0;
  arch::raw_syscall(SYS_rt_sigpending, reinterpret_cast<long>(&set), kSignalSetSize);
  return set;
}

}  // namespace

long open_file(int folder, const char* path, int flags, int mode) {
  return arch::raw_syscall(SYS_openat, folder, reinterpret_cast<long>(path), flags, mode);
}

long close_file(int fd) { return arch::raw_syscall(SYS_close, fd); }

long read_file(int fd, void* buffer, size_t size) {
  long result;
  do {
    result =
        arch::raw_syscall(SYS_read, fd, reinterpret_cast<long>(buffer), static_cast<long>(size));
  } while (result == -EINTR);
  return result;
}

long write_all(int fd, const void* data, size_t size, uint64_t offset) {
  const auto* at = static_cast<const char*>(data);
  while (size > 0) {
    const long result = arch::raw_syscall(SYS_pwrite64, fd, reinterpret_cast<long>(at),
                                          static_cast<long>(size), static_cast<long>(offset));
    if (result == -EINTR) continue;
    if (result < 0) return result;
    if (result == 0) return -ENOSPC;
    at += result;
    size -= static_cast<size_t>(result);
    offset += static_cast<uint64_t>(result);
  }
  return 0;
}

long read_small_file(const char* path, char* buffer, size_t capacity) {
  const long fd = open_file(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fd;
  size_t used = 0;
  while (used + 1 < capacity) {
    const long got = read_file(static_cast<int>(fd), buffer + used, capacity - 1 - used);
    if (got <= 0) break;
    used += static_cast<size_t>(got);
  }
  buffer[used] = '\0';
  close_file(static_cast<int>(fd));
  return static_cast<long>(used);
}

BlockedSignals::BlockedSignals() {
  // Not the synchronous ones: a fault that is blocked kills without a word.
  uint64_t all = ~uint64_t{0};
  for (const int fault : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT}) all &= ~bit_of(fault);
  previous_ = 0;
  file_size_pending_ = (pending_signals() & bit_of(SIGXFSZ)) != 0;
  arch::raw_syscall(SYS_rt_sigprocmask, SIG_BLOCK, reinterpret_cast<long>(&all),
                    reinterpret_cast<long>(&previous_), kSignalSetSize);
}

BlockedSignals::~BlockedSignals() {
  if (!file_size_pending_ && (pending_signals() & bit_of(SIGXFSZ)) != 0) {
    const uint64_t file_size = bit_of(SIGXFSZ);
    const struct timespec now {};
    arch::raw_syscall(SYS_rt_sigtimedwait, reinterpret_cast<long>(&file_size), 0,
                      reinterpret_cast<long>(&now), kSignalSetSize);
  }
  arch::raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, reinterpret_cast<long>(&previous_), 0,
                    kSignalSetSize);
}

}  // namespace silt::snapshot
