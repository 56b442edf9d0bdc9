// SPDX-License-Identifier: Apache-2.0
//
// What owners tell of places that grow, where the recording knows who keeps each block. A curve can
// only suggest that two places are one leak; a pointer proves it: the elements of a container hang
// on it, and the parts of a thing hang on the thing. And what nothing points to will not be freed,
// however short the curve.

#ifndef SILT_SYMBOLIZER_REPORT_FINDINGS_POINTERS_H_
#define SILT_SYMBOLIZER_REPORT_FINDINGS_POINTERS_H_

#include <vector>

#include "symbolizer/report/findings/fold.h"

namespace silt::report {

// Puts groups of one heap together of which one keeps the other, if one of them leaks and both
// rise, or most of the other, if both leak: native ones, and objects that the copy of the process
// could tell apart. To native ones it adds the ground that their blocks are lost; objects may be
// waiting for a collector. `runtimes_own`: of Owners::roots, which are variables in which a runtime
// has its own state.
void settle_by_owners(const read::Recording& recording, const analyze::Timeline& timeline,
                      const std::vector<bool>& runtimes_own, std::vector<Group>& groups);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_FINDINGS_POINTERS_H_
