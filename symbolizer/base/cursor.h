// SPDX-License-Identifier: Apache-2.0
//
// Reads numbers out of bytes that nobody vouches for. A cursor never passes its end: a read that
// would is refused, and from then on so is every other, so that callers may check once.

#ifndef SILT_SYMBOLIZER_BASE_CURSOR_H_
#define SILT_SYMBOLIZER_BASE_CURSOR_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace silt {

class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}

  // Unsigned LEB128 of at most 64 bits. Returns 0 and fails on a cut or a larger number.
  uint64_t varint();

  bool ok() const { return ok_; }
  bool at_end() const { return position_ == bytes_.size(); }
  size_t position() const { return position_; }

 private:
  uint64_t varint_slow();

  std::string_view bytes_;
  size_t position_ = 0;
  bool ok_ = true;
};

inline uint64_t Cursor::varint() {
  if (ok_ && position_ < bytes_.size()) {
    const auto byte = static_cast<uint8_t>(bytes_[position_]);
    if (byte < 0x80) {
      ++position_;
      return byte;
    }
  }
  return varint_slow();
}

// Signed numbers as varints: 0, -1, 1, -2, ... become 0, 1, 2, 3, ... Wraps like unsigned numbers.
constexpr uint64_t unzigzag(uint64_t value) { return (value >> 1) ^ (0 - (value & 1)); }

// Sum of `a` and `b` into `a`; false, and `a` unchanged, when it would exceed `limit`.
constexpr bool add_within(uint64_t& a, uint64_t b, uint64_t limit) {
  if (a > limit || b > limit - a) return false;
  a += b;
  return true;
}

}  // namespace silt

#endif  // SILT_SYMBOLIZER_BASE_CURSOR_H_
