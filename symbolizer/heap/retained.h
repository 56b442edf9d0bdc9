// SPDX-License-Identifier: Apache-2.0
//
// How much the anchors of a growth keep alive in another snapshot of the same heap, so that a
// report can follow them from snapshot to snapshot.

#ifndef SILT_SYMBOLIZER_HEAP_RETAINED_H_
#define SILT_SYMBOLIZER_HEAP_RETAINED_H_

#include <cstdint>
#include <vector>

#include "symbolizer/heap/growth.h"

namespace silt::heap {

// What the anchors keep in a heap, in bytes; what is below two of them counts once.
uint64_t retained_by(const Heap& heap, const std::vector<Anchor>& anchors, const NodesById& nodes,
                     const Words& words);
// The same where ids mean nothing: `others` of each object of the second snapshot.
uint64_t retained_by_others(const Heap& heap, const std::vector<Anchor>& anchors,
                            const std::vector<NodeIndex>& others, const Words& words);

}  // namespace silt::heap

#endif  // SILT_SYMBOLIZER_HEAP_RETAINED_H_
