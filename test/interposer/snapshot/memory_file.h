// SPDX-License-Identifier: Apache-2.0
//
// A file in memory, for what a test writes and reads back.

#ifndef SILT_TEST_INTERPOSER_SNAPSHOT_MEMORY_FILE_H_
#define SILT_TEST_INTERPOSER_SNAPSHOT_MEMORY_FILE_H_

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

namespace silt::test {

class MemoryFile {
 public:
  MemoryFile() : fd_(memfd_create("silt-test", 0)) {
    if (fd_ < 0) throw std::runtime_error("memfd_create failed");
  }
  ~MemoryFile() { close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  int fd() const { return fd_; }
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }
  std::string bytes() const {
    struct stat facts {};
    if (fstat(fd_, &facts) != 0) throw std::runtime_error("fstat failed");
    std::string bytes(static_cast<size_t>(facts.st_size), '\0');
    if (pread(fd_, bytes.data(), bytes.size(), 0) != facts.st_size) {
      throw std::runtime_error("pread failed");
    }
    return bytes;
  }

 private:
  int fd_;
};

}  // namespace silt::test

#endif  // SILT_TEST_INTERPOSER_SNAPSHOT_MEMORY_FILE_H_
