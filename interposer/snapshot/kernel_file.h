// SPDX-License-Identifier: Apache-2.0
//
// Files through raw system calls: usable in signal context, errno untouched. Functions return what
// the kernel returns: a value or -errno.

#ifndef SILT_INTERPOSER_SNAPSHOT_KERNEL_FILE_H_
#define SILT_INTERPOSER_SNAPSHOT_KERNEL_FILE_H_

#include <cstddef>
#include <cstdint>

namespace silt::snapshot {

long open_file(int folder, const char* path, int flags, int mode = 0);
long close_file(int fd);
long read_file(int fd, void* buffer, size_t size);
// Goes on after short writes and interruptions; 0 or -errno.
long write_all(int fd, const void* data, size_t size, uint64_t offset);

// The whole of a small file, cut to capacity - 1 and NUL-terminated; bytes read or -errno.
long read_small_file(const char* path, char* buffer, size_t capacity);

// Calls line(text) for each line of a file, read piece by piece through `buffer`; lines that do not
// fit the buffer are cut.
template <typename Line>
long read_lines(const char* path, char* buffer, size_t capacity, Line&& line);

template <typename Line>
long read_lines(const char* path, char* buffer, size_t capacity, Line&& line) {
  constexpr int kReadOnlyCloseOnExec = 02000000;
  const long fd = open_file(-100, path, kReadOnlyCloseOnExec);
  if (fd < 0) return fd;
  size_t used = 0;
  for (;;) {
    const long got = read_file(static_cast<int>(fd), buffer + used, capacity - 1 - used);
    if (got <= 0) break;
    used += static_cast<size_t>(got);
    size_t begin = 0;
    for (size_t i = 0; i < used; ++i) {
      if (buffer[i] != '\n') continue;
      buffer[i] = '\0';
      line(static_cast<const char*>(buffer + begin));
      begin = i + 1;
    }
    if (begin == 0 && used == capacity - 1) {
      buffer[used] = '\0';
      line(static_cast<const char*>(buffer));
      begin = used;
    }
    __builtin_memmove(buffer, buffer + begin, used - begin);
    used -= begin;
  }
  close_file(static_cast<int>(fd));
  return 0;
}

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_KERNEL_FILE_H_
