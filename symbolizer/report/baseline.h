// SPDX-License-Identifier: Apache-2.0
//
// A baseline is what `silt check --write-baseline` wrote: known findings with their pace.

#ifndef SILT_SYMBOLIZER_REPORT_BASELINE_H_
#define SILT_SYMBOLIZER_REPORT_BASELINE_H_

#include <string>
#include <string_view>
#include <vector>

#include "symbolizer/base/result.h"
#include "symbolizer/report/report.h"

namespace silt::report {

struct Known {
  std::string place;  // place_line of the finding
  double bytes_per_hour = 0;
};

// Text of a whole file; an error says which line is wrong and what would be right.
Result<std::vector<Known>> parse_baseline(std::string_view text);
std::string write_baseline(const Report& report);

// The finding's place_key in one line.
std::string place_line(const Finding& finding);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_BASELINE_H_
