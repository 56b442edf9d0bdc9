// SPDX-License-Identifier: Apache-2.0
//
// Where all leaking stacks come from one line of a caller, while other callers of the same function
// are healthy, the mistake is in how it is called: the caller is the better site.

#ifndef SILT_SYMBOLIZER_REPORT_FINDINGS_HOIST_H_
#define SILT_SYMBOLIZER_REPORT_FINDINGS_HOIST_H_

#include "symbolizer/report/findings/candidate.h"

namespace silt::report {

// Moves the candidate's site outwards while that holds.
bool hoist(const read::Recording& recording, const analyze::Timeline& timeline,
           const NodeFrames& names, const FoldOptions& options, Candidate& candidate);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_FINDINGS_HOIST_H_
