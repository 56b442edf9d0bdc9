// SPDX-License-Identifier: Apache-2.0
//
// pread in a loop; sizes are checked against the source before memory is taken for them.

#include "symbolizer/base/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstring>
#include <utility>

namespace silt {
namespace {

bool fits(uint64_t offset, uint64_t size, uint64_t total) {
  return offset <= total && size <= total - offset;
}

}  // namespace

std::string errno_text(int code) {
  std::string text = std::strerror(code);
  if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1]))) {
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  }
  return text;
}

Result<std::string> MemorySource::read(uint64_t offset, uint64_t size) const {
  if (!fits(offset, size, bytes_.size())) return Error{"ends too early"};
  return std::string(bytes_.substr(offset, size));
}

Result<FileSource> FileSource::open(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return Error{errno_text(errno)};
  struct stat status {};
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(fd);
    return Error{S_ISDIR(status.st_mode) ? "is a folder" : "not a regular file"};
  }
  return FileSource(fd, static_cast<uint64_t>(status.st_size));
}

FileSource::FileSource(FileSource&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), size_(other.size_) {}

FileSource::~FileSource() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::string> FileSource::read(uint64_t offset, uint64_t size) const {
  if (!fits(offset, size, size_)) return Error{"ends too early"};
  std::string bytes(size, '\0');
  for (size_t done = 0; done < size;) {
    const ssize_t count =
        pread(fd_, bytes.data() + done, size - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error{errno_text(errno)};
    if (count == 0) return Error{"became shorter while it was read"};
    done += static_cast<size_t>(count);
  }
  return bytes;
}

}  // namespace silt
