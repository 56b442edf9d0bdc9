// SPDX-License-Identifier: Apache-2.0
//
// A line of /proc/PID/maps, which is also the first line of each mapping in smaps:
//
//   start-end rwxp offset major:minor inode   path
//
// What a line that was cut has not got is zero or empty. Any context.

#ifndef SILT_INTERPOSER_BASE_MAPS_LINE_H_
#define SILT_INTERPOSER_BASE_MAPS_LINE_H_

#include <cstdint>

namespace silt::base {

struct MapsLine {
  uint64_t start;  // [start, end)
  uint64_t end;
  bool readable;
  bool writable;
  bool executable;
  bool is_private;
  uint64_t offset;   // in the file, bytes
  uint64_t device;   // major number in the upper half, minor in the lower
  uint64_t inode;    // 0: anonymous, or the kernel's own
  const char* path;  // in the line; "[heap]" and the like too; empty: none
};

// False when the line is none of these.
bool parse_maps_line(const char* line, MapsLine* mapping);

}  // namespace silt::base

#endif  // SILT_INTERPOSER_BASE_MAPS_LINE_H_
