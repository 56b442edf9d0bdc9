// SPDX-License-Identifier: Apache-2.0
//
// Which functions the stacks of a group run through: what makes one group a part of another.

#ifndef SILT_SYMBOLIZER_REPORT_FINDINGS_PASSAGE_H_
#define SILT_SYMBOLIZER_REPORT_FINDINGS_PASSAGE_H_

#include <cstddef>

#include "symbolizer/report/findings/candidate.h"

namespace silt::report {

// Whether no line of the user's is known for this site.
bool is_foreign(const symbolize::Frame& site, const FoldOptions& options);

// Equal for frames of one function.
size_t function_hash(const symbolize::Frame& frame);
// Fills in Candidate::functions.
void find_functions(const read::Recording& recording, const NodeFrames& names,
                    Candidate& candidate);

// Whether a site is the program's main function. Without a name it is the outermost function of the
// program's own: what calls it is libc or the binary's start-up code.
bool is_main(const read::Recording& recording, const NodeFrames& names, const Candidate& candidate,
             const symbolize::Frame& site);

// Whether every stack of the group runs through this very line; through this function.
struct Passage {
  bool line = true;
  bool function = true;
};
Passage passes(const read::Recording& recording, const Candidate& candidate,
               const NodeFrames& names, const symbolize::Frame& site);

// Whether `container` may be what holds `content`: all of its stacks run through the function that
// makes the content (not main), or no line of the user's is known for either.
bool may_hold(const read::Recording& recording, const NodeFrames& names, const FoldOptions& options,
              const Candidate& container, const Candidate& content);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_FINDINGS_PASSAGE_H_
