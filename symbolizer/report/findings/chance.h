// SPDX-License-Identifier: Apache-2.0
//
// What grows by chance in a node: the few samples of a JavaScript heap that say nothing, and the
// pools (of Buffers, of handles) to which node adds a block now and then.

#ifndef SILT_SYMBOLIZER_REPORT_FINDINGS_CHANCE_H_
#define SILT_SYMBOLIZER_REPORT_FINDINGS_CHANCE_H_

#include "symbolizer/report/findings/fold.h"

namespace silt::report {

// Whether so little growth, in a node, is nobody's evidence.
bool is_by_chance(const Group& group);

// Whether what a sampled heap has of a place rose and fell by less than three standard errors of
// its highest count of samples (counts have the variance of themselves): no curve can be seen.
bool swings_by_chance(const Group& group);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_FINDINGS_CHANCE_H_
