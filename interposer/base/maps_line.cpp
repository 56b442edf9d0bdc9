// SPDX-License-Identifier: Apache-2.0
//
// See maps_line.h.

#include "interposer/base/maps_line.h"

#include "interposer/base/text.h"

namespace silt::base {

bool parse_maps_line(const char* line, MapsLine* mapping) {
  const char* at;
  mapping->start = parse_hexadecimal(line, &at);
  if (at == line || *at != '-') return false;
  mapping->end = parse_hexadecimal(at + 1, &at);
  if (*at != ' ' || length(at) < 6 || mapping->end <= mapping->start) return false;
  mapping->readable = at[1] == 'r';
  mapping->writable = at[2] == 'w';
  mapping->executable = at[3] == 'x';
  mapping->is_private = at[4] == 'p';
  at += 5;
  mapping->offset = parse_hexadecimal(at + (*at == ' ' ? 1 : 0), &at);
  mapping->device = parse_hexadecimal(at + (*at == ' ' ? 1 : 0), &at) << 32;
  mapping->device |= parse_hexadecimal(at + (*at == ':' ? 1 : 0), &at);
  mapping->inode = parse_decimal(at + (*at == ' ' ? 1 : 0), &at);
  while (*at == ' ') ++at;
  mapping->path = at;
  return true;
}

}  // namespace silt::base
