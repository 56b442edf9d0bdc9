// SPDX-License-Identifier: Apache-2.0
//
// See text.h. Any context.

#include "interposer/base/text.h"

#include <cerrno>

namespace silt::base {

size_t length(const char* text) {
  size_t size = 0;
  while (text[size] != '\0') ++size;
  return size;
}

bool equal(const char* a, const char* b) {
  while (*a != '\0' && *a == *b) {
    ++a;
    ++b;
  }
  return *a == *b;
}

bool starts_with(const char* text, const char* prefix) {
  while (*prefix != '\0') {
    if (*text++ != *prefix++) return false;
  }
  return true;
}

void copy_bytes(void* to, const void* from, size_t size_bytes) {
  __builtin_memcpy(to, from, size_bytes);
}

uint64_t parse_decimal(const char* text, const char** end) {
  uint64_t value = 0;
  for (; *text >= '0' && *text <= '9'; ++text) {
    const auto digit = static_cast<uint64_t>(*text - '0');
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value)) {
      value = UINT64_MAX;
    }
  }
  *end = text;
  return value;
}

uint64_t first_number(const char* text) {
  while (*text != '\0' && (*text < '0' || *text > '9')) ++text;
  const char* end;
  return parse_decimal(text, &end);
}

const char* base_name(const char* path, const char* end) {
  const char* name = path;
  for (const char* c = path; c != end; ++c) {
    if (*c == '/') name = c + 1;
  }
  return name;
}

const char* base_name(const char* path) { return base_name(path, path + length(path)); }

uint64_t parse_hexadecimal(const char* text, const char** end) {
  uint64_t value = 0;
  for (;; ++text) {
    const char c = *text;
    if (c >= '0' && c <= '9') {
      value = value << 4 | static_cast<uint64_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      value = value << 4 | static_cast<uint64_t>(c - 'a' + 10);
    } else {
      *end = text;
      return value;
    }
  }
}

TextWriter& TextWriter::add(const char* text) { return add(text, length(text)); }

TextWriter& TextWriter::add(const char* text, size_t size) {
  for (size_t i = 0; i < size && size_ + 1 < capacity_; ++i) buffer_[size_++] = text[i];
  buffer_[size_] = '\0';
  return *this;
}

TextWriter& TextWriter::add_decimal(uint64_t value, unsigned minimum_digits) {
  char digits[24];
  unsigned count = 0;
  do {
    digits[count++] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  while (count < minimum_digits && count < sizeof(digits)) digits[count++] = '0';
  while (count > 0) add(digits[--count]);
  return *this;
}

TextWriter& TextWriter::add_hexadecimal(uint64_t value) {
  int shift = 60;
  while (shift > 0 && value >> shift == 0) shift -= 4;
  for (; shift >= 0; shift -= 4) add("0123456789abcdef"[value >> shift & 15]);
  return *this;
}

const char* error_text(int error) {
  switch (error) {
    case EPERM:
      return "operation not permitted";
    case ENOENT:
      return "no such file or directory";
    case EIO:
      return "input/output error";
    case ENOMEM:
      return "out of memory";
    case EACCES:
      return "permission denied";
    case EEXIST:
      return "file exists";
    case ENOTDIR:
      return "not a directory";
    case EISDIR:
      return "is a directory";
    case EINVAL:
      return "invalid argument";
    case ENFILE:
      return "too many open files in the system";
    case EMFILE:
      return "too many open files";
    case EFBIG:
      return "file too large (RLIMIT_FSIZE)";
    case ENOSPC:
      return "no space left on the device";
    case EROFS:
      return "read-only file system";
    case ENAMETOOLONG:
      return "file name too long";
    case ENOSYS:
      return "system call not available";
    case ELOOP:
      return "a symbolic link is in the way";
    case EDQUOT:
      return "disk quota exceeded";
    default:
      return "system error";
  }
}

}  // namespace silt::base
