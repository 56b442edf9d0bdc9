// SPDX-License-Identifier: Apache-2.0
//
// Reports of several processes as one, and a report against an earlier one. Stack ids are valid in
// one process only, so places are joined by content: by the site's function and source line within
// one build, by its function and module across builds, whose lines and addresses moved.

#ifndef SILT_SYMBOLIZER_REPORT_COMPARE_H_
#define SILT_SYMBOLIZER_REPORT_COMPARE_H_

#include <string>
#include <vector>

#include "symbolizer/report/report.h"

namespace silt::report {

// One report of several processes: findings on one site are joined and say which process has what
// share. Stack ids are given anew, so that they are unique. `paths` names the recordings.
Report combine(std::vector<Report> reports, const std::vector<std::string>& paths);

// Marks the findings of `report` as new, worse or known, and notes what is gone.
void compare(Report& report, const Report& before);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_COMPARE_H_
