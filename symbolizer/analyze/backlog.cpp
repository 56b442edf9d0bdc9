// SPDX-License-Identifier: Apache-2.0
//
// Little's law: what is live is the rate at which blocks come times the time that they stay. More
// load makes more live at the same stay; a backlog makes the stay longer and longer.

#include "symbolizer/analyze/backlog.h"

#include <algorithm>
#include <cmath>

#include "symbolizer/analyze/trend.h"

namespace silt::analyze {
namespace {

// A number in flight that swings rises in each of eight windows once in 40,000 times (1 / 8!), as
// long as it is another number in each: most blocks must not outlive a window.
constexpr size_t kFewestOfBacklog = 8;
constexpr double kTurnover = 0.8;
// One window may dip, by this share of the rise: the consumer had a good moment.
constexpr double kDip = 0.1;
// Most of what is live at the end is backlog.
constexpr double kShare = 0.5;
// Blocks stay so many times as long in the last third as in the first.
constexpr double kLongerStay = 1.5;
// Standard deviations of a number in flight that the rise must exceed.
constexpr double kBeyondChance = 6;

// Live blocks over the blocks that pass through the process in a window, of a third of the windows:
// how long blocks stay, up to a factor.
double stay(const Evidence& evidence, size_t begin, size_t end) {
  double live = 0;
  for (size_t i = begin; i < end; ++i) live += evidence.blocks[i + 1];
  const std::vector<double>& activity = evidence.timeline.activity;
  const double passed = activity[end] - activity[begin];
  return passed > 0 ? live / passed : 0;
}

}  // namespace

bool judge_backlog(const Evidence& evidence, Judgement& judgement) {
  const std::vector<double>& blocks = evidence.blocks;
  const size_t windows = blocks.size() - 1;
  if (windows < kFewestOfBacklog || evidence.counts_bytes) return false;
  if (!evidence.windows.aged || evidence.windows.young_share < kTurnover) return false;
  const double rise = blocks.back() - blocks.front();
  const double events = evidence.events_per_unit;
  if (rise < kShare * blocks.back()) return false;
  if (rise * events < kBeyondChance * std::sqrt(blocks.back() * events)) return false;
  std::vector<Step> steps;
  size_t grew = 0;
  for (size_t i = 0; i < windows; ++i) {
    const double change = blocks[i + 1] - blocks[i];
    grew += change > 0 ? 1 : 0;
    if (change < -kDip * rise) return false;
    Step step;
    step.seconds = evidence.timeline.seconds[i + 1] - evidence.timeline.seconds[i];
    step.activity = evidence.timeline.activity[i + 1] - evidence.timeline.activity[i];
    step.born = std::max(0.0, change);
    step.died = std::max(0.0, -change);
    steps.push_back(step);
  }
  if (grew + 1 < windows) return false;
  const Trend trend = find_trend(steps, events);
  if (trend.obstacle == Obstacle::kBend || trend.obstacle == Obstacle::kTail ||
      trend.obstacle == Obstacle::kStopped) {
    return false;
  }
  const double early = stay(evidence, 0, windows / 3);
  const double late = stay(evidence, windows - windows / 3, windows);
  if (early <= 0 || late < kLongerStay * early) return false;
  judgement.confidence = 0.7;
  judgement.p_value = 0;
  judgement.windows = windows;
  judgement.growing_windows = grew;
  judgement.warm_up_windows = 0;
  judgement.reason = reason_of(Because::kBacklog, evidence, trend);
  judgement.reason.from = blocks.front();
  judgement.reason.to = blocks.back();
  judgement.reason.grew = grew;
  judgement.reason.windows = windows;
  return true;
}

}  // namespace silt::analyze
