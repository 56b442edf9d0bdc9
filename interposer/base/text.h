// SPDX-License-Identifier: Apache-2.0
//
// Building short texts in fixed buffers, and reading numbers out of texts, without libc calls that
// could allocate or read the locale. What does not fit is cut. Any context.

#ifndef SILT_INTERPOSER_BASE_TEXT_H_
#define SILT_INTERPOSER_BASE_TEXT_H_

#include <cstddef>
#include <cstdint>

namespace silt::base {

size_t length(const char* text);
bool equal(const char* a, const char* b);
bool starts_with(const char* text, const char* prefix);
void copy_bytes(void* to, const void* from, size_t size_bytes);

// Parses a run of decimal digits; *end points behind it. Saturates at UINT64_MAX.
uint64_t parse_decimal(const char* text, const char** end);
uint64_t parse_hexadecimal(const char* text, const char** end);
// The first decimal number in a text, 0 when there is none.
uint64_t first_number(const char* text);

// The part of a path behind its last slash; with `end`, of a path that ends there.
const char* base_name(const char* path, const char* end);
const char* base_name(const char* path);

template <size_t kCapacity>
class TextBuffer;

// Appends to a caller's buffer and keeps it NUL-terminated.
class TextWriter {
 public:
  TextWriter(char* buffer, size_t capacity) : buffer_(buffer), capacity_(capacity) {
    buffer_[0] = '\0';
  }

  TextWriter& add(const char* text);
  TextWriter& add(const char* text, size_t size);
  TextWriter& add(char character) { return add(&character, 1); }
  TextWriter& add_decimal(uint64_t value, unsigned minimum_digits = 1);
  TextWriter& add_hexadecimal(uint64_t value);

  const char* c_str() const { return buffer_; }
  size_t size() const { return size_; }

 private:
  char* buffer_;
  size_t capacity_;
  size_t size_ = 0;
};

template <size_t kCapacity>
class TextBuffer : public TextWriter {
 public:
  TextBuffer() : TextWriter(storage_, kCapacity) {}
  TextBuffer(const TextBuffer&) = delete;
  TextBuffer& operator=(const TextBuffer&) = delete;

 private:
  char storage_[kCapacity];
};

// "ENOENT" -> "No such file or directory", for the errors that silt's own system calls can meet.
const char* error_text(int error);

}  // namespace silt::base

#endif  // SILT_INTERPOSER_BASE_TEXT_H_
