// SPDX-License-Identifier: Apache-2.0
//
// See copied_builtins.h. A copy is executable memory of a file of which other memory, which the
// loader knows, has the same part: the kernel's list of mappings tells.

#include "interposer/runtime/nodejs/copied_builtins.h"

#include <cstddef>
#include <cstdint>

#include "interposer/base/maps_line.h"
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

bool parse(const char* line, Code* code) {
  base::MapsLine mapping;
  if (!base::parse_maps_line(line, &mapping) || !mapping.executable) return false;
  *code = {mapping.start, mapping.end, mapping.offset, mapping.device, mapping.inode};
  return mapping.inode != 0;
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
