// SPDX-License-Identifier: Apache-2.0
//
// The stacks that a report shows, with their frames and what was live at each snapshot.

#ifndef SILT_SYMBOLIZER_REPORT_STACK_LINES_H_
#define SILT_SYMBOLIZER_REPORT_STACK_LINES_H_

#include <cstddef>
#include <cstdint>
#include <unordered_set>
#include <vector>

#include "symbolizer/report/build.h"

namespace silt::report {

// Innermost first, without the allocator's own frames, and without those of a runtime that say
// nothing between the functions it runs.
symbolize::FrameList shown_frames(const read::Recording& recording, const read::Stack& stack,
                                  const NodeFrames& names);

// Whether the frames are what --module and --function ask for; whether --verdict does.
bool has_match(const symbolize::FrameList& frames, const Options& options);
bool is_wanted(Verdict verdict, const Options& options);
bool has_filters(const Options& options);

// What findings speak of: shown in any case.
struct Shown {
  std::unordered_set<size_t> stacks;  // index into Recording::stacks
  std::unordered_set<read::StackId> leads;
};

// By growth, largest first; of a single snapshot by what is live.
void add_stacks(const read::Recording& recording, const analyze::Timeline& timeline,
                const std::vector<StackSummary>& summaries, const NodeFrames& names,
                const Options& options, const Shown& shown, const Progress& progress,
                Report& report);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_STACK_LINES_H_
