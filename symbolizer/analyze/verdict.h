// SPDX-License-Identifier: Apache-2.0
//
// What a series of live memory shows, as a code with figures, from which its verdict follows
// (decide.h). docs/verdicts.md tells the rules and why they are so.

#ifndef SILT_SYMBOLIZER_ANALYZE_VERDICT_H_
#define SILT_SYMBOLIZER_ANALYZE_VERDICT_H_

#include <cstddef>

#include "symbolizer/analyze/decide.h"
#include "symbolizer/analyze/series.h"

namespace silt::analyze {

struct Judgement {
  Reason reason;
  double confidence = 0;  // 0..1, of the verdict
  double p_value = 1;     // chance that memory which does not grow looks like this
  Verdict verdict() const { return verdict_of(reason.because); }

  double growth_bytes = 0;  // live at the last regular snapshot minus live at the first
  double growth_blocks = 0;
  double bytes_per_second = 0;  // fitted, after warm-up
  double blocks_per_second = 0;
  double bytes_per_second_low = 0;  // 95 % interval
  double bytes_per_second_high = 0;
  double pace_error = 0;  // standard error of the pace by how windows differ, as a share of it
  double bytes_per_work = 0;   // 0 without counts of work
  size_t warm_up_windows = 0;  // windows left out at the start
  size_t windows = 0;          // windows judged
  size_t growing_windows = 0;  // of those
};

// Judges one series. The series must belong to the timeline.
Judgement judge(const Timeline& timeline, const Series& series);

// What a leak of the pace `blocks_per_hour` must at least be to be called one in this timeline.
struct Detectable {
  bool possible = false;  // false: too few snapshots for a verdict
  double blocks_per_hour = 0;
  double bytes_per_hour = 0;  // sampled recordings only: below this chance alone may explain it
};
Detectable smallest_detectable(const Timeline& timeline);

}  // namespace silt::analyze

#endif  // SILT_SYMBOLIZER_ANALYZE_VERDICT_H_
