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

bool FileSource::is_mostly_holes() const {
  constexpr uint64_t kSmall = uint64_t{16} << 20;
  constexpr int kMostParts = 10'000;  // then it took some work to write
  if (size_ < kSmall) return false;
  uint64_t written = 0;
  off_t at = 0;
  for (int part = 0; part < kMostParts; ++part) {
    const off_t data = lseek(fd_, at, SEEK_DATA);
    if (data < 0) return errno == ENXIO && written < size_ / 2;
    at = lseek(fd_, data, SEEK_HOLE);
    if (at < 0) return false;
    written += static_cast<uint64_t>(at - data);
    if (written >= size_ / 2) return false;
  }
  return false;
}

Result<std::string> read_text_file(const std::filesystem::path& path) {
  auto source = FileSource::open(path);
  if (!source) return source.error();
  if (source->size() > kLargestTextFile) return Error{"is larger than 64 MiB"};
  return source->read(0, source->size());
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
