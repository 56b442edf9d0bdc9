// SPDX-License-Identifier: Apache-2.0
//
// Which threads allocated what grows, where the recording knows, and where there are several.

#ifndef SILT_SYMBOLIZER_REPORT_THREADS_H_
#define SILT_SYMBOLIZER_REPORT_THREADS_H_

#include "symbolizer/read/recording.h"
#include "symbolizer/report/report.h"

namespace silt::report {

// Fills in the threads of findings and stacks. Nothing where all is one thread's.
void add_threads(const read::Recording& recording, Report& report);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_THREADS_H_
