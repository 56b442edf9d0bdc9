// SPDX-License-Identifier: Apache-2.0
//
// Several processes took their snapshots at moments of their own: one more often than another, one
// only at its end. Before their figures are added up they are brought to the moments of one of
// them.

#ifndef SILT_SYMBOLIZER_REPORT_LINE_UP_H_
#define SILT_SYMBOLIZER_REPORT_LINE_UP_H_

#include <cstddef>
#include <vector>

#include "symbolizer/report/report.h"

namespace silt::report {

// The one whose moments are told: which has most snapshots that are judged, then most of all.
size_t leading(const std::vector<Report>& reports);

// Snapshots of all, and what findings and stacks had live at them, at the moments of the leading
// one: each process with the figures of its newest snapshot by then, of its first before that one,
// and with nothing before it began.
void line_up(std::vector<Report>& reports);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_LINE_UP_H_
