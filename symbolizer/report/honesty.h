// SPDX-License-Identifier: Apache-2.0
//
// What a report owes its reader besides findings: how long and how closely it looked, the smallest
// leak it would have called one, what the recorder dropped, and what recording cost.

#ifndef SILT_SYMBOLIZER_REPORT_HONESTY_H_
#define SILT_SYMBOLIZER_REPORT_HONESTY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "symbolizer/analyze/series.h"
#include "symbolizer/read/recording.h"
#include "symbolizer/report/report.h"

namespace silt::report {

std::vector<std::string> honesty_lines(const read::Recording& recording,
                                       const analyze::Timeline& timeline);

// The same of JavaScript heaps, where there are any.
std::string script_honesty_line(const read::Recording& recording,
                                const analyze::Timeline& script_timeline);

// Whether an allocator was found inside the main binary and is not recorded, by a snapshot's flags.
bool leaves_inner_out(uint32_t flags);

// What stands out in the recording and changes how to read it: its own malloc, nothing recorded, no
// unwinder, a single snapshot, a fork child.
std::vector<std::string> recording_notes(const read::Recording& recording,
                                         const analyze::Timeline& timeline,
                                         const std::vector<std::string>& allocators_in_main);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_HONESTY_H_
