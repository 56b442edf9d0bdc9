// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/report/findings/stack_summary.h"

#include <algorithm>

#include "symbolizer/analyze/series.h"

namespace silt::report {

using analyze::Timeline;

bool belongs(const read::Stack& stack, Heaps heaps) {
  return heaps == Heaps::kAll || (stack.heap == read::Heap::kManaged) == (heaps == Heaps::kManaged);
}

void judge_stacks(const read::Recording& recording, const Timeline& timeline, Heaps heaps,
                  std::vector<StackSummary>& summaries) {
  summaries.resize(recording.stacks.size());
  if (timeline.regular.empty()) return;
  std::vector<bool> regular(recording.snapshots.size(), false);
  for (const size_t snapshot : timeline.regular) regular[snapshot] = true;
  for (size_t i = 0; i < recording.stacks.size(); ++i) {
    const read::Stack& stack = recording.stacks[i];
    if (!belongs(stack, heaps)) continue;
    StackSummary& summary = summaries[i];
    double low_bytes = 0;
    double low_blocks = 0;
    double peak_bytes = 0;
    double peak_blocks = 0;
    size_t seen = 0;
    for (const read::Sample& sample : stack.samples) {
      if (sample.snapshot >= regular.size() || !regular[sample.snapshot]) continue;
      const double bytes = static_cast<double>(sample.live_bytes);
      const double blocks = static_cast<double>(sample.live_blocks);
      low_bytes = seen == 0 ? bytes : std::min(low_bytes, bytes);
      low_blocks = seen == 0 ? blocks : std::min(low_blocks, blocks);
      peak_bytes = std::max(peak_bytes, bytes);
      peak_blocks = std::max(peak_blocks, blocks);
      if (sample.snapshot == timeline.regular.front()) {
        summary.growth_bytes -= bytes;
        summary.growth_blocks -= blocks;
      }
      if (sample.snapshot == timeline.regular.back()) {
        summary.growth_bytes += bytes;
        summary.growth_blocks += blocks;
        summary.last_bytes = bytes;
      }
      ++seen;
    }
    if (seen < timeline.regular.size()) low_bytes = low_blocks = 0;
    summary.range_bytes = peak_bytes - low_bytes;
    summary.range_blocks = peak_blocks - low_blocks;
    if (!summary.changes() || timeline.regular.size() < 2) continue;
    // Below these floors judge() says steady without a look; most stacks of a large program are.
    if (summary.range_blocks < 5 && summary.range_bytes < 2048) continue;
    summary.verdict = analyze::judge(timeline, analyze::make_series(timeline, stack)).verdict();
  }
}

}  // namespace silt::report
