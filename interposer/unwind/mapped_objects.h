// SPDX-License-Identifier: Apache-2.0
//
// Which loaded object holds a pc where the loader cannot be asked without its lock (glibc before
// 2.35): told from /proc/self/maps and from the program headers that lie in memory. Each answer is
// kept, also that a range holds no object, so that the file is read once for an object or a range
// of made code, and not for a pc. Any context.

#ifndef SILT_INTERPOSER_UNWIND_MAPPED_OBJECTS_H_
#define SILT_INTERPOSER_UNWIND_MAPPED_OBJECTS_H_

#include <cstddef>
#include <cstdint>

#include "interposer/unwind/object.h"

namespace silt::unwind {

// What `link_map` of an object found here points to is a record of silt's own, with l_addr and
// l_name as the loader has them.
bool find_mapped_object(uint64_t address, Object* object);

// Copies memory that a mapping had when the file was read, and that may be gone: the kernel reads
// it. False when it is gone.
bool read_mapped_memory(const void* from, void* into, size_t size_bytes);

// After a dlclose: forgets what is no longer there. Normal context.
void recheck_mapped_objects();

// Around a fork, so that the child inherits no lock.
void hold_mapped_objects();
void release_mapped_objects();

}  // namespace silt::unwind

#endif  // SILT_INTERPOSER_UNWIND_MAPPED_OBJECTS_H_
