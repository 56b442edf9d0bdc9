// SPDX-License-Identifier: Apache-2.0
//
// Two leaks that go block for block may be made by different calls of one function: then they are
// one thing, and that function is its site.

#ifndef SILT_SYMBOLIZER_REPORT_FINDINGS_SIBLINGS_H_
#define SILT_SYMBOLIZER_REPORT_FINDINGS_SIBLINGS_H_

#include <optional>

#include "symbolizer/report/findings/candidate.h"

namespace silt::report {

// Where two leaks that go block for block meet: a function of the user's that makes one thing of
// both by different calls. Not a function that calls whatever there is to do: one that calls both
// from one place (a dispatcher), or one through which much else comes as well (a main loop).
std::optional<symbolize::Frame> sibling_site(const read::Recording& recording,
                                             const analyze::Timeline& timeline,
                                             const NodeFrames& names, const FoldOptions& options,
                                             const Candidate& whole, const Candidate& part);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_FINDINGS_SIBLINGS_H_
