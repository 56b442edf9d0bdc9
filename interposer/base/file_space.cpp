// SPDX-License-Identifier: Apache-2.0
//
// See file_space.h. Any context.

#include "interposer/base/file_space.h"

#include <signal.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>

#include "interposer/base/blocked_signals.h"
#include "interposer/base/system_call.h"

namespace silt::base {
namespace {

// Where the file system cannot allocate space ahead, writing it does the same.
long write_zeros(int fd, uint64_t offset, uint64_t size) {
  static constexpr size_t kBlock = 64 * 1024;
  static constinit char zeros[kBlock]{};
  while (size != 0) {
    const uint64_t part = size < kBlock ? size : kBlock;
    const long written = system_call(SYS_pwrite64, fd, reinterpret_cast<long>(zeros),
                                     static_cast<long>(part), static_cast<long>(offset));
    if (written == -EINTR) continue;
    if (written <= 0) return written < 0 ? written : -ENOSPC;
    offset += static_cast<uint64_t>(written);
    size -= static_cast<uint64_t>(written);
  }
  return 0;
}

}  // namespace

long allocate_space(int fd, uint64_t offset, uint64_t size) {
  const SwallowedSignal too_large(SIGXFSZ);
  long result;
  do {
    result = system_call(SYS_fallocate, fd, 0, static_cast<long>(offset), static_cast<long>(size));
  } while (result == -EINTR);
  if (result == -EOPNOTSUPP || result == -ENOSYS) result = write_zeros(fd, offset, size);
  return result;
}

}  // namespace silt::base
