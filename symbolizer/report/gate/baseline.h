// SPDX-License-Identifier: Apache-2.0
//
// A baseline is what `silt check --write-baseline` wrote: known findings with their pace.

#ifndef SILT_SYMBOLIZER_REPORT_GATE_BASELINE_H_
#define SILT_SYMBOLIZER_REPORT_GATE_BASELINE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "symbolizer/base/result.h"
#include "symbolizer/report/report.h"

namespace silt::report {

// Text of a whole file, a line for each place of a finding and for who keeps it; an error says
// which line is wrong and what would be right.
Result<std::vector<Place>> parse_baseline(std::string_view text);
std::string write_baseline(const Report& report);

// How fast the finding grew by the baseline, in bytes an hour: its places together, or all that its
// owner kept if that is more, so that what a variable keeps is known from whichever place it comes.
// Nothing where neither is known.
std::optional<double> pace_in(const std::vector<Place>& baseline, const Finding& finding);

// Marks it as known, worse by a quarter or more, or new, with its pace by the baseline. What leaks
// with each request is faster when there are more of them: where the process has allocated more and
// used more processor time than when the baseline was written (`now`), by the smaller of the two
// factors, so much more is not worse. An empty baseline leaves it as it is: nothing was known when
// that was written, or nobody has looked.
void mark_against(const std::vector<Place>& baseline, const Busyness& now, Finding& finding);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_GATE_BASELINE_H_
