// SPDX-License-Identifier: Apache-2.0
//
// Of one snapshot alone: where memory gathers. An object is a place of gathering when much is kept
// by it alone and no single thing below it accounts for most of that: going further down would
// leave memory behind, further up would add none.

#ifndef SILT_SYMBOLIZER_HEAP_HOLDERS_H_
#define SILT_SYMBOLIZER_HEAP_HOLDERS_H_

#include <map>
#include <vector>

#include "symbolizer/heap/growth.h"

namespace silt::heap {

struct Holder {
  NodeIndex node = kNone;
  std::map<WordId, Tally> kinds;    // all that it alone keeps, itself not included
  std::map<WordId, Tally> entries;  // of these, what it keeps directly
};

// Largest first, at most `most` of those that keep at least `share` of the heap.
std::vector<Holder> find_holders(const Heap& heap, Words& words, size_t most, double share);

}  // namespace silt::heap

#endif  // SILT_SYMBOLIZER_HEAP_HOLDERS_H_
