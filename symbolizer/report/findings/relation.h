// SPDX-License-Identifier: Apache-2.0
//
// What one group is to a leak: nothing, a part of the leaked thing, or the container that holds it.
// Decided by how the two grow together and by the functions that their stacks run through.

#ifndef SILT_SYMBOLIZER_REPORT_FINDINGS_RELATION_H_
#define SILT_SYMBOLIZER_REPORT_FINDINGS_RELATION_H_

#include <cstdint>

#include "symbolizer/report/findings/candidate.h"

namespace silt::report {

enum class Relation : uint8_t { kNone, kPart, kHolder };

// What `part` is to the leak `whole`; a holder is the container whose line all of the leak's stacks
// run through. Both know their functions.
Relation relation(const read::Recording& recording, const analyze::Timeline& timeline,
                  const NodeFrames& names, const FoldOptions& options, const Candidate& whole,
                  const Candidate& part);

// Whether both come from below a library that the user's code has called: an event loop calls the
// leak's function and keeps something of its own beside, whose site is where the loop was started.
bool is_beside_library(const read::Recording& recording, const NodeFrames& names,
                       const FoldOptions& options, const Candidate& whole, const Candidate& part);

// Of languages whose values are blocks of their own: what leaks in step with more of them. Python
// hands tuples, numbers and the like out again from lists of its own, so the place where a small
// one was first made may be anywhere; and a function that makes something and has another make more
// of it makes one thing. What most of it comes from tells more.
bool is_beside(const analyze::Timeline& timeline, const Candidate& whole, const Candidate& part);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_FINDINGS_RELATION_H_
