// SPDX-License-Identifier: Apache-2.0
//
// Python keeps lists, dicts, tuples and floats that are freed and hands them out again, wherever the
// next one is asked for. A block counts where it was first allocated, so a place that makes many
// such objects gathers a few that others keep by now, and never sees them freed.

#ifndef SILT_SYMBOLIZER_RUNTIME_PYTHON_RECYCLED_H_
#define SILT_SYMBOLIZER_RUNTIME_PYTHON_RECYCLED_H_

#include <vector>

#include "symbolizer/report/findings/fold.h"
#include "symbolizer/report/report.h"

namespace silt::runtime::python {

// Leaks of fewer such objects than Python keeps for reuse are no more than growing.
void doubt_recycled(const read::Recording& recording, std::vector<report::Group>& groups);

}  // namespace silt::runtime::python

#endif  // SILT_SYMBOLIZER_RUNTIME_PYTHON_RECYCLED_H_
