// SPDX-License-Identifier: Apache-2.0
//
// Of what came below one old object: whether all of it is in one new thing further down. A server
// that was still being set up at the first snapshot has new routes, handlers and closures, and the
// table that fills is at the end of that way: it is the owner, not the old list of routes.

#ifndef SILT_SYMBOLIZER_HEAP_GATHERING_H_
#define SILT_SYMBOLIZER_HEAP_GATHERING_H_

#include <cstdint>
#include <vector>

#include "symbolizer/heap/growth.h"

namespace silt::heap {

// The new object that alone keeps nearly all of what came in a group, and in which that spreads
// out; kNone: there is none, as in a list, where the way would go on from node to node. `group_of`
// and `anchor_of`: of each object of the heap, as of GrowthFinder's second one.
NodeIndex find_gathering(const Heap& heap, const std::vector<PathId>& group_of,
                         const std::vector<NodeIndex>& anchor_of, const Group& group);

}  // namespace silt::heap

#endif  // SILT_SYMBOLIZER_HEAP_GATHERING_H_
