// SPDX-License-Identifier: Apache-2.0
//
// One leak, one finding: stacks that grow for one cause become one group. Stacks with one site are
// one group from the start; then parts of a leaked thing, which grow in step with it below the
// function that leaks it, join its group.

#ifndef SILT_SYMBOLIZER_REPORT_FOLD_H_
#define SILT_SYMBOLIZER_REPORT_FOLD_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "symbolizer/analyze/verdict.h"
#include "symbolizer/read/recording.h"
#include "symbolizer/symbolize/symbolizer.h"

namespace silt::report {

// Frames of one node of the recording's tree, innermost first; Symbolizer::node_frames.
using NodeFrames = std::function<const symbolize::FrameList&(uint32_t node)>;

struct Group {
  std::vector<size_t> stacks;  // index into Recording::stacks, largest growth first
  analyze::Series sum;
  analyze::Judgement judgement;
  symbolize::Frame site;
  read::Heap heap = read::Heap::kNative;
};

struct StackSummary {
  analyze::Verdict verdict = analyze::Verdict::kSteady;
  double growth_bytes = 0;  // last regular snapshot minus first
  double growth_blocks = 0;
  double range_bytes = 0;  // largest minus smallest live bytes
  double range_blocks = 0;
  double last_bytes = 0;
  bool changes() const { return range_bytes > 0 || range_blocks > 0; }
};

// Judges every stack on its own, cheaply where nothing changes.
std::vector<StackSummary> judge_stacks(const read::Recording& recording,
                                       const analyze::Timeline& timeline);

struct FoldOptions {
  std::vector<std::string> look_through;  // modules that are never a site
  size_t most_stacks = 3000;              // those that change most are named and folded
};

// Groups of every verdict but steady, leaks first, then by growth. Verdicts of stacks are brought
// in line with their group's: `summaries` is updated.
std::vector<Group> fold(const read::Recording& recording, const analyze::Timeline& timeline,
                        std::vector<StackSummary>& summaries, const NodeFrames& names,
                        const FoldOptions& options);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_FOLD_H_
