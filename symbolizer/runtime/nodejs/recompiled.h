// SPDX-License-Identifier: Apache-2.0
//
// JavaScript is compiled anew while it runs, and small functions vanish into their callers: from
// then on the caller's stacks get what was the callee's. The caller then seems to grow, and the
// callee to stop, where in truth nothing changed. Such groups are one, and its site is the function
// that allocated before it vanished.

#ifndef SILT_SYMBOLIZER_RUNTIME_NODEJS_RECOMPILED_H_
#define SILT_SYMBOLIZER_RUNTIME_NODEJS_RECOMPILED_H_

#include <vector>

#include "symbolizer/report/runtime.h"

namespace silt::runtime::nodejs {

// Candidates are judged already, one for each site; those that join others are left without
// members and removed.
void join_recompiled(const report::Settling& input, std::vector<report::Candidate>& candidates);

}  // namespace silt::runtime::nodejs

#endif  // SILT_SYMBOLIZER_RUNTIME_NODEJS_RECOMPILED_H_
