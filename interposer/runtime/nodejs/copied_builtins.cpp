// SPDX-License-Identifier: Apache-2.0
//
// See copied_builtins.h. A copy is executable memory of a file of which other memory, which the
// loader knows, has the same part: the kernel's list of mappings tells.

#include "interposer/runtime/nodejs/copied_builtins.h"

#include <cstddef>
#include <cstdint>

#include "interposer/base/text.h"
#include "interposer/snapshot/kernel_file.h"
#include "interposer/track/own_walk.h"

namespace silt::nodejs {
namespace {

// Executable memory of a file.
struct Code {
  uint64_t start;
  uint64_t end;
  uint64_t offset;  // in the file
  uint64_t device;
  uint64_t inode;

  bool has_part_of(const Code& other) const {
    return device == other.device && inode == other.inode && other.offset >= offset &&
           other.offset + (other.end - other.start) <= offset + (end - start);
  }
};

// A line of /proc/self/maps: start-end rwxp offset major:minor inode path
bool parse(const char* line, Code* code) {
  const char* at;
  code->start = base::parse_hexadecimal(line, &at);
  if (*at != '-') return false;
  code->end = base::parse_hexadecimal(at + 1, &at);
  if (base::length(at) < 6 || at[3] != 'x') return false;
  code->offset = base::parse_hexadecimal(at + 6, &at);
  code->device = base::parse_hexadecimal(at + (*at == ' ' ? 1 : 0), &at) << 32;
  code->device |= base::parse_hexadecimal(at + (*at == ':' ? 1 : 0), &at);
  code->inode = base::parse_decimal(at + (*at == ' ' ? 1 : 0), &at);
  return code->inode != 0;
}

}  // namespace

void note_copied_builtins() {
  // Programs with more libraries than this exist; that of node is among the first or last.
  constexpr size_t kMost = 256;
  constexpr size_t kLongestLine = 4096 + 128;
  char text[kLongestLine];
  Code codes[kMost];
  size_t count = 0;
  snapshot::read_lines("/proc/self/maps", text, sizeof(text), [&](const char* line) {
    if (count < kMost && parse(line, &codes[count])) ++count;
  });
  for (size_t i = 0; i < count; ++i) {
    for (size_t k = 0; k < count; ++k) {
      const Code& whole = codes[i];
      const Code& part = codes[k];
      if (i == k || !whole.has_part_of(part)) continue;
      track::note_copied_code(part.start, part.end, whole.start + (part.offset - whole.offset));
    }
  }
}

}  // namespace silt::nodejs
