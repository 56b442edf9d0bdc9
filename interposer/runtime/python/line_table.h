// SPDX-License-Identifier: Apache-2.0
//
// Reads the location table of a code object (CPython's Objects/locations.md): which line each
// instruction belongs to. Pure. Any context.
//
//   entry     1 | kind (4 bits) | instructions - 1 (3 bits), then bytes whose highest bit is 0
//   kind 15   no location; 13, 14: a signed varint of lines, and more; 10, 11, 12: 0, 1 or 2 lines

#ifndef SILT_INTERPOSER_RUNTIME_PYTHON_LINE_TABLE_H_
#define SILT_INTERPOSER_RUNTIME_PYTHON_LINE_TABLE_H_

#include <cstddef>
#include <cstdint>

namespace silt::python {

// Calls visit(first instruction, count, line) for each entry; line 0 where there is none.
template <typename Visitor>
void read_line_table(const uint8_t* table, size_t size, uint32_t first_line, Visitor&& visit) {
  constexpr uint8_t kBegin = 0x80;
  constexpr uint32_t kNoLocation = 15;
  int64_t line = first_line;
  uint32_t instruction = 0;
  for (size_t at = 0; at < size;) {
    const uint8_t head = table[at++];
    if ((head & kBegin) == 0) continue;
    const uint32_t kind = head >> 3 & 15;
    const uint32_t count = (head & 7) + 1u;
    if (kind == 13 || kind == 14) {
      uint64_t value = 0;
      uint32_t shift = 0;
      for (bool more = true; more && at < size && shift < 60; shift += 6) {
        value |= uint64_t{table[at] & 0x3fu} << shift;
        more = (table[at++] & 0x40) != 0;
      }
      line +=
          (value & 1) != 0 ? -static_cast<int64_t>(value >> 1) : static_cast<int64_t>(value >> 1);
    } else if (kind >= 10 && kind <= 12) {
      line += kind - 10;
    }
    const bool known = kind != kNoLocation && line > 0 && line <= INT32_MAX;
    visit(instruction, count, known ? static_cast<uint32_t>(line) : 0u);
    instruction += count;
  }
}

}  // namespace silt::python

#endif  // SILT_INTERPOSER_RUNTIME_PYTHON_LINE_TABLE_H_
