// SPDX-License-Identifier: Apache-2.0
//
// Python's objects one by one: hooks around its allocators of objects and of memory that goes with
// them (the domains "obj" and "mem"), whatever these are: pymalloc, which cuts small blocks out of
// arenas, its debug layer, or malloc. What the raw domain hands out is malloc's and recorded there.
// Arenas are held by the allocator and no blocks of their own; their bytes are counted.
//
// The interpreter calls these with its lock held. Hook context.

#ifndef SILT_INTERPOSER_RUNTIME_PYTHON_OBJECTS_H_
#define SILT_INTERPOSER_RUNTIME_PYTHON_OBJECTS_H_

#include <cstdint>

namespace silt::python {

// Normal context, with the interpreter's lock.
void hook_objects();

// Of arenas mapped since.
uint64_t arena_bytes();

}  // namespace silt::python

#endif  // SILT_INTERPOSER_RUNTIME_PYTHON_OBJECTS_H_
