// SPDX-License-Identifier: Apache-2.0
//
// What a runtime allocates with no code of the user's on the stack: node reads a file or a socket
// when the event loop says so, long after the function that opened it has returned.

#ifndef SILT_SYMBOLIZER_RUNTIME_NODEJS_CALLERLESS_H_
#define SILT_SYMBOLIZER_RUNTIME_NODEJS_CALLERLESS_H_

#include <vector>

#include "symbolizer/report/findings/fold.h"

namespace silt::runtime::nodejs {

bool is_callerless(const report::Group& group);

// What the runtime, or a package that it calls, adds along the same curve as a leak of the user's
// is told with that, the largest: the user can mend nothing else.
void join_callerless(const analyze::Timeline& timeline, std::vector<report::Group>& groups);

}  // namespace silt::runtime::nodejs

#endif  // SILT_SYMBOLIZER_RUNTIME_NODEJS_CALLERLESS_H_
