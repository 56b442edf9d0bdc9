// SPDX-License-Identifier: Apache-2.0
//
// Who keeps the JavaScript objects that came between two looks at a heap: for the heap as a whole,
// and in a finding where it is certain.

#ifndef SILT_SYMBOLIZER_RUNTIME_NODEJS_HEAP_OWNERS_H_
#define SILT_SYMBOLIZER_RUNTIME_NODEJS_HEAP_OWNERS_H_

#include <vector>

#include "symbolizer/read/recording.h"
#include "symbolizer/report/report.h"
#include "symbolizer/report/runtime.h"

namespace silt::runtime::nodejs {

// What one variable keeps is one leak, whichever functions made it.
void join_by_keepers(const report::Settling& input, std::vector<report::Group>& groups);

void add_heap_owners(const read::Recording& recording, report::Report& report);

}  // namespace silt::runtime::nodejs

#endif  // SILT_SYMBOLIZER_RUNTIME_NODEJS_HEAP_OWNERS_H_
