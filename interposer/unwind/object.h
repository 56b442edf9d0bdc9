// SPDX-License-Identifier: Apache-2.0
//
// Which loaded object holds a pc, and where its unwind table is: asked of the loader without its
// lock (glibc's _dl_find_object, 2.35 and later). dl_iterate_phdr would take the loader's lock,
// and a thread in malloc that waits for it can deadlock with a thread in dlopen. Where there is no
// such function, /proc/self/maps tells (mapped_objects.h). Any context.

#ifndef SILT_INTERPOSER_UNWIND_OBJECT_H_
#define SILT_INTERPOSER_UNWIND_OBJECT_H_

#include <cstddef>
#include <cstdint>

namespace silt::unwind {

struct Object {
  uint64_t start;  // memory range [start, end)
  uint64_t end;
  const void* eh_frame_header;  // PT_GNU_EH_FRAME, nullptr: none
  const void* link_map;         // struct link_map of <link.h>; at least l_addr and l_name hold
};

// Before find_object is used, in normal context; until then maps tell. So they do with the wish
// "maps" (SILT_OBJECTS), which is for tests.
void choose_object_search(const char* wish);

// After a dlclose, in normal context.
void note_unloaded_objects();

// False when no loaded object holds the address.
bool find_object(uint64_t address, Object* object);

// Copies from an object that find_object has found. False when it is not there: where maps tell, an
// object may have been unloaded since they were read.
bool read_object_memory(const void* from, void* into, size_t size_bytes);

}  // namespace silt::unwind

#endif  // SILT_INTERPOSER_UNWIND_OBJECT_H_
