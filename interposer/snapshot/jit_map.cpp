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

// How far the map was read, how much was written, and which file it was: a program may begin its
// map anew, and the names of before are still those of earlier stacks.
struct Copied {
  uint64_t read_bytes;
  uint64_t written_bytes;
  uint64_t inode;
  bool begun;
};
constinit Copied g_copied{};

// A regular file of our own user, since /tmp is anybody's; and not what an earlier process of the
// same number left there, last written before this one began.
bool trustworthy(const struct stat& status) {
  constexpr uint64_t kSecond = 1000000000;  // file systems may have coarse clocks
  const auto written_ns = static_cast<uint64_t>(status.st_mtim.tv_sec) * kSecond +
                          static_cast<uint64_t>(status.st_mtim.tv_nsec);
  return S_ISREG(status.st_mode) && written_ns + 2 * kSecond >= process_info.start_realtime_ns &&
         static_cast<long>(status.st_uid) == base::system_call(SYS_geteuid);
}

// Appends what has come since the last time.
void append_from(int source, const struct stat& status, int folder, const char* name) {
  static constinit char buffer[64 * 1024]{};
  const bool anew =
      g_copied.begun && (static_cast<uint64_t>(status.st_size) < g_copied.read_bytes ||
                         status.st_ino != g_copied.inode);
  if (anew) g_copied.read_bytes = 0;
  if (static_cast<uint64_t>(status.st_size) == g_copied.read_bytes) return;
  const int create = g_copied.begun ? 0 : O_CREAT | O_EXCL;
  const long copy = open_file(folder, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | create, 0600);
  if (copy < 0) return;
  g_copied.begun = true;
  g_copied.inode = status.st_ino;
  const auto write = [copy](const char* data, size_t size) {
    if (write_all(static_cast<int>(copy), data, size, g_copied.written_bytes) != 0) return false;
    g_copied.written_bytes += size;
    return true;
  };
  bool good = !anew || write("\n", 1);  // the last line may be half a one
  while (good) {
    const long got = base::system_call(SYS_pread64, source, reinterpret_cast<long>(buffer),
                                       sizeof(buffer), static_cast<long>(g_copied.read_bytes));
    if (got <= 0) break;
    good = write(buffer, static_cast<size_t>(got));
    if (good) g_copied.read_bytes += static_cast<uint64_t>(got);
  }
  close_file(static_cast<int>(copy));
}

}  // namespace

void copy_jit_map(int recording_folder) {
  base::TextBuffer<64> name;
  name.add("/tmp/perf-").add_decimal(static_cast<uint64_t>(base::system_call(SYS_getpid)));
  name.add(".map");
  const long source =
      open_file(AT_FDCWD, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (source < 0) return;
  struct stat status {};
  if (base::system_call(SYS_fstat, source, reinterpret_cast<long>(&status)) == 0 &&
      trustworthy(status)) {
    append_from(static_cast<int>(source), status, recording_folder, name.c_str() + 5);
  }
  close_file(static_cast<int>(source));
}

void copy_jit_map_anew() { g_copied = {}; }

}  // namespace silt::snapshot
