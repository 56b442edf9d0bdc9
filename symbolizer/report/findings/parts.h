// SPDX-License-Identifier: Apache-2.0
//
// The second half of folding: groups of one site each, which are parts of one leaked thing, become
// one group, and its site is the line where the parts' stacks meet.

#ifndef SILT_SYMBOLIZER_REPORT_FINDINGS_PARTS_H_
#define SILT_SYMBOLIZER_REPORT_FINDINGS_PARTS_H_

#include <vector>

#include "symbolizer/report/findings/candidate.h"

namespace silt::report {

// After others joined a group: the verdict is the thing's own; pace and growth are those of all its
// parts, and so are the figures of the reason where all of them together show the same as the thing
// alone.
void add_up(const analyze::Timeline& timeline, Group& group);

// A group joins the group of a leak when it grows in step with it, or is a container that holds it,
// and its stacks run through the function that leaks. What then remains to one function that other,
// healthy callers use as well is moved to the caller that leaks.
void join_parts(const read::Recording& recording, const analyze::Timeline& timeline,
                const NodeFrames& names, const FoldOptions& options,
                std::vector<Candidate>& candidates);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_FINDINGS_PARTS_H_
