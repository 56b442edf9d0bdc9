// SPDX-License-Identifier: Apache-2.0
//
// Bytes by offset, from a file or from memory. Files are read rather than mapped: a mapping of a
// file that somebody shortens meanwhile ends the reader with SIGBUS.

#ifndef SILT_SYMBOLIZER_BASE_BYTE_SOURCE_H_
#define SILT_SYMBOLIZER_BASE_BYTE_SOURCE_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "symbolizer/base/result.h"

namespace silt {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual uint64_t size() const = 0;
  // Exactly `size` bytes at `offset`, or the reason why not, without the name of the source.
  virtual Result<std::string> read(uint64_t offset, uint64_t size) const = 0;
};

class MemorySource : public ByteSource {
 public:
  explicit MemorySource(std::string_view bytes) : bytes_(bytes) {}
  uint64_t size() const override { return bytes_.size(); }
  Result<std::string> read(uint64_t offset, uint64_t size) const override;

 private:
  std::string_view bytes_;
};

// A regular file; anything else (a FIFO would block) is refused.
class FileSource : public ByteSource {
 public:
  static Result<FileSource> open(const std::filesystem::path& path);
  ~FileSource() override;
  FileSource(FileSource&& other) noexcept;
  FileSource& operator=(FileSource&&) = delete;

  uint64_t size() const override { return size_; }
  Result<std::string> read(uint64_t offset, uint64_t size) const override;
  // Whether it is large, and most of it was never written: reading would make memory of nothing.
  bool is_mostly_holes() const;

 private:
  FileSource(int fd, uint64_t size) : fd_(fd), size_(size) {}

  int fd_;
  uint64_t size_;
};

// A whole file of settings. Anything but a regular file (a folder, a FIFO, which would block, a
// device, which may never end) is refused, and what is larger than any such file is.
inline constexpr uint64_t kLargestTextFile = uint64_t{64} << 20;
Result<std::string> read_text_file(const std::filesystem::path& path);

// What errno `code` means, in the C library's words but lower case.
std::string errno_text(int code);

}  // namespace silt

#endif  // SILT_SYMBOLIZER_BASE_BYTE_SOURCE_H_
