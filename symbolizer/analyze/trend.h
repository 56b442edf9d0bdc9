// SPDX-License-Identifier: Apache-2.0
//
// Does a quantity keep growing? Warm-up, growth in every window, bend and noise, over a list of
// windows. Used for blocks and, where one block grows, for bytes.

#ifndef SILT_SYMBOLIZER_ANALYZE_TREND_H_
#define SILT_SYMBOLIZER_ANALYZE_TREND_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "symbolizer/analyze/windows.h"

namespace silt::analyze {

enum class Obstacle : uint8_t {
  kNone,         // it keeps growing
  kNoGrowth,     // no net growth after warm-up
  kTooShort,     // fewer than three windows after warm-up
  kTooFew,       // fewer events than a trend needs
  kBend,         // the pace falls off towards the end
  kTail,         // what follows the warm-up may be the end of it
  kStopped,      // nothing more at the end
  kNotEvery,     // some windows do not grow, and chance does not explain it
  kWithinNoise,  // births and deaths nearly cancel
  kReplacing,    // at the end old blocks go, which never went before
};

struct Trend {
  Obstacle obstacle = Obstacle::kNoGrowth;
  size_t onset = 0;    // windows before anything happened at all
  size_t warm_up = 0;  // windows left out after that
  size_t windows = 0;  // judged: all that follow
  size_t grew = 0;     // of those, with growth
  double born = 0;     // after warm-up
  double died = 0;
  double least = 0;  // smallest and largest net change of a window after warm-up
  double most = 0;
  double late_pace = 1;  // pace of the last third, relative to the first third after warm-up
  size_t even_tail = 0;  // windows since a bend, if growth goes on evenly through them
  double p_value = 1;    // births against deaths
  double events = 0;     // independent pieces of evidence
};

// One window of the quantity that is tested.
struct Step {
  double seconds = 0;
  double activity = 0;
  double work = 0;
  double born = 0;
  double died = 0;
  double turn = 0;  // windows, where they themselves are a clock
  double net() const { return born - died; }
};

// `events_per_unit`: how many independent observations one unit stands for: 1 for blocks in exact
// recordings, less in sampled ones.
Trend find_trend(const std::vector<Step>& steps, double events_per_unit);

}  // namespace silt::analyze

#endif  // SILT_SYMBOLIZER_ANALYZE_TREND_H_
