// SPDX-License-Identifier: Apache-2.0
//
// Varints of more than one byte.

#include "symbolizer/base/cursor.h"

namespace silt {

uint64_t Cursor::varint_slow() {
  uint64_t value = 0;
  size_t position = position_;
  for (unsigned shift = 0; ok_ && position < bytes_.size() && shift < 64; shift += 7) {
    const auto byte = static_cast<uint8_t>(bytes_[position++]);
    const uint64_t bits = byte & 0x7f;
    if (shift == 63 && bits > 1) break;
    value |= bits << shift;
    if (byte < 0x80) {
      position_ = position;
      return value;
    }
  }
  ok_ = false;
  return 0;
}

}  // namespace silt
