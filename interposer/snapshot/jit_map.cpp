// SPDX-License-Identifier: Apache-2.0
//
// See jit_map.h. Signal context.

#include "interposer/snapshot/jit_map.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstdint>

#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/snapshot/kernel_file.h"
#include "interposer/snapshot/process_info.h"

namespace silt::snapshot {
namespace {

constinit uint64_t g_copied_bytes = 0;

// A regular file of our own user, since /tmp is anybody's; and not what an earlier process of the
// same number left there, last written before this one began.
bool trustworthy(int fd) {
  struct stat status {};
  if (base::system_call(SYS_fstat, fd, reinterpret_cast<long>(&status)) != 0) return false;
  constexpr uint64_t kSecond = 1000000000;  // file systems may have coarse clocks
  const auto written_ns = static_cast<uint64_t>(status.st_mtim.tv_sec) * kSecond +
                          static_cast<uint64_t>(status.st_mtim.tv_nsec);
  return S_ISREG(status.st_mode) && written_ns + 2 * kSecond >= process_info.start_realtime_ns &&
         static_cast<long>(status.st_uid) == base::system_call(SYS_geteuid);
}

}  // namespace

void copy_jit_map(int recording_folder) {
  static constinit char buffer[64 * 1024]{};
  base::TextBuffer<64> name;
  name.add("/tmp/perf-").add_decimal(static_cast<uint64_t>(base::system_call(SYS_getpid)));
  name.add(".map");
  const long source =
      open_file(AT_FDCWD, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (source < 0) return;
  if (trustworthy(static_cast<int>(source))) {
    const int create = g_copied_bytes == 0 ? O_CREAT | O_EXCL : 0;
    const long copy = open_file(recording_folder, name.c_str() + 5,
                                O_WRONLY | O_NOFOLLOW | O_CLOEXEC | create, 0600);
    while (copy >= 0) {
      const long got = base::system_call(SYS_pread64, source, reinterpret_cast<long>(buffer),
                                         sizeof(buffer), static_cast<long>(g_copied_bytes));
      if (got <= 0) break;
      if (write_all(static_cast<int>(copy), buffer, static_cast<size_t>(got), g_copied_bytes) !=
          0) {
        break;
      }
      g_copied_bytes += static_cast<uint64_t>(got);
    }
    if (copy >= 0) close_file(static_cast<int>(copy));
  }
  close_file(static_cast<int>(source));
}

void leave_jit_map_to_parent() { g_copied_bytes = 0; }

}  // namespace silt::snapshot
