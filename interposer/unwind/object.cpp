// SPDX-License-Identifier: Apache-2.0
//
// See object.h. Any context.

#include "interposer/unwind/object.h"

#include <dlfcn.h>

namespace silt::unwind {

bool find_object(uint64_t address, Object* object) {
  dl_find_object found;
  if (_dl_find_object(reinterpret_cast<void*>(address), &found) != 0) return false;
  object->start = reinterpret_cast<uint64_t>(found.dlfo_map_start);
  object->end = reinterpret_cast<uint64_t>(found.dlfo_map_end);
  object->eh_frame_header = found.dlfo_eh_frame;
  object->link_map = found.dlfo_link_map;
  return true;
}

}  // namespace silt::unwind
