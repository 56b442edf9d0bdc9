// SPDX-License-Identifier: Apache-2.0
//
// Findings that are worth telling, from groups and wholes that have been judged.

#ifndef SILT_SYMBOLIZER_REPORT_FINDINGS_FINDINGS_H_
#define SILT_SYMBOLIZER_REPORT_FINDINGS_FINDINGS_H_

#include <vector>

#include "symbolizer/report/findings/whole.h"
#include "symbolizer/report/stack_lines.h"

namespace silt::report {

// Those that the options want, leaks first; freed memory that the allocator holds comes last. The
// report's snapshots must be there.
Shown add_findings(const WholeInput& input, const std::vector<Group>& groups, const Wholes& wholes,
                   const Options& options, Report& report);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_FINDINGS_FINDINGS_H_
