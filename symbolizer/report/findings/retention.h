// SPDX-License-Identifier: Apache-2.0
//
// Freed memory that the allocator keeps. It is no leak and no finding of `check`, but the answer to
// "RSS grows and nothing leaks".

#ifndef SILT_SYMBOLIZER_REPORT_FINDINGS_RETENTION_H_
#define SILT_SYMBOLIZER_REPORT_FINDINGS_RETENTION_H_

#include <optional>

#include "symbolizer/read/recording.h"
#include "symbolizer/report/report.h"

namespace silt::report {

// Nothing when it is not worth a word, or when the snapshots do not tell. `judged`: snapshots that
// verdicts look at, the first ones.
std::optional<Finding> retention_finding(const read::Recording& recording, size_t judged);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_FINDINGS_RETENTION_H_
