// SPDX-License-Identifier: Apache-2.0
//
// What only a Node.js process has: JavaScript heaps known by samples, native memory that goes with
// them, and a pool of threads without JavaScript. Findings are held against two budgets, what
// belongs together becomes one, and each is said in the words of those who write such programs.

#ifndef SILT_SYMBOLIZER_REPORT_NODE_FINDINGS_H_
#define SILT_SYMBOLIZER_REPORT_NODE_FINDINGS_H_

#include <vector>

#include "symbolizer/report/fold.h"

namespace silt::report {

// Both kinds of groups, each of its own timeline, as one list, leaks first. Groups that a budget
// does not cover lose their verdict; those that are V8's own bookkeeping are left out.
std::vector<Group> settle_node_groups(const read::Recording& recording,
                                      const analyze::Timeline& timeline,
                                      const analyze::Timeline& script_timeline,
                                      const NodeFrames& names, std::vector<Group> native,
                                      std::vector<Group> scripts);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_NODE_FINDINGS_H_
