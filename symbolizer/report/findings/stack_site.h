// SPDX-License-Identifier: Apache-2.0
//
// The site of a recorded stack. A stack has many frames and few of them need a name to tell: frames
// are named from the innermost outwards, until the user's own code is reached.

#ifndef SILT_SYMBOLIZER_REPORT_FINDINGS_STACK_SITE_H_
#define SILT_SYMBOLIZER_REPORT_FINDINGS_STACK_SITE_H_

#include "symbolizer/report/findings/fold.h"

namespace silt::report {

// The site of a stack, naming no more nodes than it takes.
symbolize::Frame site_of(const read::Recording& recording, const read::Stack& stack,
                         const NodeFrames& names, const FoldOptions& options);

// All frames of a stack, innermost first.
symbolize::FrameList frames_of(const read::Recording& recording, const read::Stack& stack,
                               const NodeFrames& names);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_FINDINGS_STACK_SITE_H_
