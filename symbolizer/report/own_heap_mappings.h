// SPDX-License-Identifier: Apache-2.0
//
// Mappings that a runtime makes for a heap of its own. The heap has figures of its own, so these
// are no native memory of the program. Node.js: V8 maps its pages from version 26 on; before, it
// reserves them without access, which is not recorded.

#ifndef SILT_SYMBOLIZER_REPORT_OWN_HEAP_MAPPINGS_H_
#define SILT_SYMBOLIZER_REPORT_OWN_HEAP_MAPPINGS_H_

#include <cstdint>
#include <vector>

#include "symbolizer/report/findings/fold.h"

namespace silt::report {

// Their bytes, one figure for each snapshot; 0 at snapshots that have no figures of such a heap.
std::vector<uint64_t> own_heap_mappings(const read::Recording& recording, const NodeFrames& names,
                                        const FoldOptions& options);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_OWN_HEAP_MAPPINGS_H_
