// SPDX-License-Identifier: Apache-2.0
//
// Which objects of two heaps are "the same" where their numbers do not say: V8 numbers objects when
// it writes a snapshot, and each copy of a process does so anew (interposer: heap_copy.h). Objects
// are paired by where they are: below paired parents by the same step, in order, and what is left
// over on one collapsed path with each other. So what counts is how many there are on each path, as
// in LeakCanary's shark; which of them are the new ones is arbitrary and no matter.

#ifndef SILT_SYMBOLIZER_HEAP_PAIRING_H_
#define SILT_SYMBOLIZER_HEAP_PAIRING_H_

#include <vector>

#include "symbolizer/heap/growth.h"

namespace silt::heap {

// For each object of `second` the one of `first`, or kNone; each is used once, and the root is the
// root's.
std::vector<NodeIndex> pair_by_paths(const Heap& first, const Heap& second, Words& words);

}  // namespace silt::heap

#endif  // SILT_SYMBOLIZER_HEAP_PAIRING_H_
