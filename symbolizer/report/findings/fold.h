// SPDX-License-Identifier: Apache-2.0
//
// One leak, one finding: stacks that grow for one cause become one group. Stacks with one site are
// one group from the start; then parts of a leaked thing, which grow in step with it below the
// function that leaks it, join its group.

#ifndef SILT_SYMBOLIZER_REPORT_FINDINGS_FOLD_H_
#define SILT_SYMBOLIZER_REPORT_FINDINGS_FOLD_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "symbolizer/analyze/verdict.h"
#include "symbolizer/read/recording.h"
#include "symbolizer/report/findings/stack_summary.h"
#include "symbolizer/report/why.h"
#include "symbolizer/symbolize/symbolizer.h"

namespace silt::report {

// Frames of one node of the recording's tree, innermost first; Symbolizer::node_frames.
using NodeFrames = std::function<const symbolize::FrameList&(read::NodeId node)>;

// A verdict is not stored: it follows from what the curve shows and from what the remarks add.
struct Group {
  std::vector<size_t> stacks;  // index into Recording::stacks, largest growth first
  analyze::Series sum;
  analyze::Judgement judgement;  // of its curve
  std::vector<Remark> remarks;   // what became known of it besides
  Subject subject = Subject::kPlace;
  uint32_t thread = 0;  // of a managed heap whose curve it is judged by
  symbolize::Frame site;
  // A function that allocated this before it was compiled into the site, where that is known.
  std::optional<symbolize::Frame> inner;
  read::Heap heap = read::Heap::kNative;
  std::string runtime = {};  // as Finding has them
  std::string what = {};
  bool beside_flat_heap = false;

  analyze::Decision decision() const;
  analyze::Verdict verdict() const { return decision().verdict; }
};
inline bool rises(const Group& group) { return analyze::rises(group.verdict()); }

struct FoldOptions {
  std::vector<std::string> look_through;  // modules that are never a site
  size_t most_stacks = 3000;              // those that change most are named and folded
  Heaps heaps = Heaps::kAll;
};

// Groups of every verdict but steady, leaks first, then by growth. Verdicts of stacks are brought
// in line with their group's: `summaries` is updated.
std::vector<Group> fold(const read::Recording& recording, const analyze::Timeline& timeline,
                        std::vector<StackSummary>& summaries, const NodeFrames& names,
                        const FoldOptions& options);

// Leaks first, then by growth.
void order_groups(std::vector<Group>& groups);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_FINDINGS_FOLD_H_
