// SPDX-License-Identifier: Apache-2.0
//
// See kernel_file.h. Signal context.

#include "interposer/snapshot/kernel_file.h"

#include <fcntl.h>
#include <sys/syscall.h>

#include <cerrno>

#include "interposer/base/open_files.h"
#include "interposer/base/system_call.h"

namespace silt::snapshot {

long open_file(int folder, const char* path, int flags, int mode) {
  return base::open_listed(folder, path, flags, mode);
}

long close_file(int fd) { return base::close_listed(fd); }

long read_file(int fd, void* buffer, size_t size) {
  long result;
  do {
    result =
        base::system_call(SYS_read, fd, reinterpret_cast<long>(buffer), static_cast<long>(size));
  } while (result == -EINTR);
  return result;
}

long write_all(int fd, const void* data, size_t size, uint64_t offset) {
  const auto* at = static_cast<const char*>(data);
  while (size > 0) {
    const long result = base::system_call(SYS_pwrite64, fd, reinterpret_cast<long>(at),
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

}  // namespace silt::snapshot
