// SPDX-License-Identifier: Apache-2.0
//
// How sure a finding can be of a process that has only just begun: by its curve alone a table that
// fills is a leak until it is full.

#ifndef SILT_SYMBOLIZER_REPORT_YOUTH_H_
#define SILT_SYMBOLIZER_REPORT_YOUTH_H_

#include <string>

#include "symbolizer/analyze/series.h"
#include "symbolizer/read/recording.h"
#include "symbolizer/report/report.h"

namespace silt::report {

// No leak that is one by its curve is said to be surer than findings of processes of that age were
// right (docs/calibration.md). Returns a note that says so; empty when there is no such finding.
std::string doubt_young(const read::Recording& recording, const analyze::Timeline& timeline,
                        Report& report);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_YOUTH_H_
