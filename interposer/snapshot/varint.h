// SPDX-License-Identifier: Apache-2.0
//
// Unsigned LEB128 into memory that has room for it. Any context.

#ifndef SILT_INTERPOSER_SNAPSHOT_VARINT_H_
#define SILT_INTERPOSER_SNAPSHOT_VARINT_H_

#include <cstddef>
#include <cstdint>

namespace silt::snapshot {

inline constexpr size_t kLongestVarint = 10;  // bytes

// Returns where the next goes.
inline uint8_t* put_varint(uint8_t* at, uint64_t value) {
  for (; value >= 0x80; value >>= 7) *at++ = static_cast<uint8_t>(value | 0x80);
  *at++ = static_cast<uint8_t>(value);
  return at;
}

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_VARINT_H_
