// SPDX-License-Identifier: Apache-2.0
//
// How far glibc's heap had grown when recording began. What lies in it below that was allocated
// before, by constructors of libraries: no known block, but it holds pointers as those do (the
// table of a library that the program fills later).

#ifndef SILT_INTERPOSER_OWNERS_EARLY_HEAP_H_
#define SILT_INTERPOSER_OWNERS_EARLY_HEAP_H_

#include <cstdint>

namespace silt::owners {

// Normal context, in the constructor, just before recording begins; where malloc is glibc's.
void note_early_heap();

// The end of what was in use then; 0: not known.
uint64_t early_heap_end();

}  // namespace silt::owners

#endif  // SILT_INTERPOSER_OWNERS_EARLY_HEAP_H_
