// SPDX-License-Identifier: Apache-2.0
//
// See text.h. Any context.

#include "interposer/runtime/python/text.h"

#include "interposer/base/text.h"
#include "interposer/runtime/python/layout.h"

namespace silt::python {

void copy_text(uint64_t text, char* buffer, size_t size) {
  const auto state = field<uint32_t>(text, kTextState);
  const uint32_t width = state >> 2 & 7;
  const bool compact = (state >> 5 & 1) != 0;
  const bool ascii = (state >> 6 & 1) != 0;
  const auto length = field<int64_t>(text, kTextLength);
  size_t used = 0;
  if (!compact || (width != 1 && width != 2 && width != 4)) {
    base::TextWriter(buffer, size).add('?');
    return;
  }
  const uint64_t data = text + (ascii ? kTextAsciiData : kTextData);
  for (int64_t i = 0; i < length && used + 5 <= size; ++i) {
    const uint64_t at = static_cast<uint64_t>(i) * width;
    const uint32_t c = width == 1   ? field<uint8_t>(data, at)
                       : width == 2 ? field<uint16_t>(data, at)
                                    : field<uint32_t>(data, at);
    const auto put = [&](uint32_t byte) { buffer[used++] = static_cast<char>(byte); };
    if (c == 0) {
      put('?');
    } else if (c < 0x80) {
      put(c);
    } else if (c < 0x800) {
      put(0xc0 | c >> 6);
      put(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
      put(0xe0 | c >> 12);
      put(0x80 | (c >> 6 & 0x3f));
      put(0x80 | (c & 0x3f));
    } else {
      put(0xf0 | (c >> 18 & 7));
      put(0x80 | (c >> 12 & 0x3f));
      put(0x80 | (c >> 6 & 0x3f));
      put(0x80 | (c & 0x3f));
    }
  }
  buffer[used] = '\0';
}

}  // namespace silt::python
