// SPDX-License-Identifier: Apache-2.0
//
// Queues that are served more slowly than they fill: every block goes in the end, none is old, and
// yet there are ever more of them. Survivors say nothing here; what tells is how long blocks stay.

#ifndef SILT_SYMBOLIZER_ANALYZE_BACKLOG_H_
#define SILT_SYMBOLIZER_ANALYZE_BACKLOG_H_

#include "symbolizer/analyze/evidence.h"

namespace silt::analyze {

// False, with the judgement's verdict as it was, when this is no backlog.
bool judge_backlog(const Evidence& evidence, Judgement& judgement);

}  // namespace silt::analyze

#endif  // SILT_SYMBOLIZER_ANALYZE_BACKLOG_H_
