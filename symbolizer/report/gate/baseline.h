// SPDX-License-Identifier: Apache-2.0
//
// A baseline is what `silt check --write-baseline` wrote: known findings with their pace.

#ifndef SILT_SYMBOLIZER_REPORT_GATE_BASELINE_H_
#define SILT_SYMBOLIZER_REPORT_GATE_BASELINE_H_

#include <string>
#include <string_view>
#include <vector>

#include "symbolizer/base/result.h"
#include "symbolizer/report/report.h"

namespace silt::report {

// Text of a whole file, a line for each place of a finding; an error says which line is wrong and
// what would be right.
Result<std::vector<Place>> parse_baseline(std::string_view text);
std::string write_baseline(const Report& report);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_GATE_BASELINE_H_
