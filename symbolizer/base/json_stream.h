// SPDX-License-Identifier: Apache-2.0
//
// JSON read once from front to back, in pieces: heap snapshots are gigabytes of integers, and a
// tree of them would be ten times that. The reader says what it expects next; what does not follow
// sets an error with its place in the file, after which every call fails, so that callers may check
// once for each section. Nesting is never followed by recursion.

#ifndef SILT_SYMBOLIZER_BASE_JSON_STREAM_H_
#define SILT_SYMBOLIZER_BASE_JSON_STREAM_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/result.h"

namespace silt {

class JsonStream {
 public:
  explicit JsonStream(const ByteSource& source);

  // The next byte that is not white space, without taking it; 0 at the end or after an error.
  char peek();
  // Takes `c` after white space, or fails with "expected …".
  bool take(char c);
  // Takes `c` if it comes next.
  bool take_if(char c);
  // In a list or an object that was entered: whether another element follows. Takes the comma, or
  // the `close` at the end. `first` is true before the first element, and made false.
  bool more(char close, bool& first);

  // A whole number of at most 64 bits; no sign, fraction or exponent.
  bool read_unsigned(uint64_t& value);
  // Any number; what is no whole one, or below zero, becomes 0: for columns that are not needed or
  // may be unknown.
  bool read_number(uint64_t& value);
  // A string in UTF-8: escapes are decoded, a lone surrogate becomes U+FFFD; bytes that are not
  // UTF-8 stay. At most `limit` bytes are kept, all are taken.
  bool read_string(std::string& text, size_t limit);
  bool skip_string();
  // A value of any kind. Nesting deeper than kDeepest is refused.
  bool skip_value();

  bool fail(std::string_view what);
  bool ok() const { return error_.empty(); }
  // "at byte 123: expected ','".
  Error error() const { return Error{error_}; }
  uint64_t position() const { return chunk_offset_ + static_cast<uint64_t>(at_ - begin_); }
  uint64_t size() const { return source_.size(); }
  bool at_end() { return peek() == 0 && ok() && at_ == end_; }

  static constexpr size_t kDeepest = 64;

 private:
  static constexpr size_t kChunk = size_t{1} << 20;  // a read of 1 MiB: the call costs nothing then

  bool refill();
  // The next byte as it is, -1 at the end.
  int next() { return at_ != end_ || refill() ? static_cast<unsigned char>(*at_++) : -1; }
  bool read_hex(uint32_t& value);
  template <typename Keep>
  bool scan_string(Keep keep);

  const ByteSource& source_;
  std::string chunk_;
  const char* begin_ = nullptr;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  uint64_t chunk_offset_ = 0;  // of begin_ in the file
  uint64_t next_offset_ = 0;   // of the chunk after this one
  std::string error_;
};

inline bool JsonStream::read_unsigned(uint64_t& value) {
  // The fast way: a short number that lies in this chunk whole. 19 digits never overflow.
  while (at_ != end_ && (*at_ == '\n' || *at_ == ' ' || *at_ == '\r' || *at_ == '\t')) ++at_;
  constexpr ptrdiff_t kLongest = 20;
  if (end_ - at_ > kLongest) {
    const char* at = at_;
    uint64_t sum = 0;
    unsigned digit = static_cast<unsigned char>(*at) - static_cast<unsigned>('0');
    if (digit <= 9) {
      do {
        sum = sum * 10 + digit;
        digit = static_cast<unsigned char>(*++at) - static_cast<unsigned>('0');
      } while (digit <= 9 && at - at_ < kLongest - 1);
      const char after = *at;
      if (after == ',' || after == ']' || after == '\n') {
        at_ = at;
        value = sum;
        return true;
      }
    }
  }
  uint64_t number = 0;
  const char first = peek();
  if (first < '0' || first > '9') return fail("expected a whole number");
  for (;;) {
    const int byte = next();
    if (byte < '0' || byte > '9') {
      if (byte >= 0) --at_;
      if (byte == '.' || byte == 'e' || byte == 'E') return fail("expected a whole number");
      break;
    }
    const auto digit = static_cast<uint64_t>(byte - '0');
    if (number > (UINT64_MAX - digit) / 10) return fail("a number is too large");
    number = number * 10 + digit;
  }
  value = number;
  return ok();
}

}  // namespace silt

#endif  // SILT_SYMBOLIZER_BASE_JSON_STREAM_H_
