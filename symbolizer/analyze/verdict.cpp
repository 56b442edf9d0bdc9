// SPDX-License-Identifier: Apache-2.0
//
// The rules, in the order in which they decide; the figures they need come from evidence, trend and
// shape.

#include "symbolizer/analyze/verdict.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "symbolizer/analyze/backlog.h"
#include "symbolizer/analyze/container.h"
#include "symbolizer/analyze/evidence.h"
#include "symbolizer/analyze/rise.h"
#include "symbolizer/analyze/shape.h"
#include "symbolizer/analyze/trend.h"

namespace silt::analyze {
namespace {

double leak_confidence(const Trend& trend) {
  const double by_windows = 1 - std::exp(-static_cast<double>(trend.windows) / 3);
  const double by_events = 1 - std::exp(-trend.events / 10);
  const double every = static_cast<double>(trend.grew) / static_cast<double>(trend.windows);
  const double kept = trend.born > 0 ? 1 - 0.5 * trend.died / trend.born : 1;
  return std::clamp(0.5 + 0.5 * by_windows * by_events * std::sqrt(every) * kept, 0.5, 0.99);
}

std::vector<Step> steps_of_windows(const Evidence& evidence) {
  std::vector<Step> steps;
  for (const Window& w : evidence.windows.list) {
    steps.push_back({w.seconds, w.activity, w.work, w.born, w.died, w.turns});
  }
  return steps;
}

// Mean and variance of the net blocks of windows, for each second.
struct Pace {
  double mean = 0;
  double variance = 0;
};
Pace pace_of(std::span<const Window> windows) {
  double net = 0;
  double seconds = 0;
  for (const Window& w : windows) {
    net += w.blocks();
    seconds += w.seconds;
  }
  if (seconds <= 0) return {};
  Pace pace{net / seconds, 0};
  for (const Window& w : windows) {
    const double apart = w.blocks() - pace.mean * w.seconds;
    pace.variance += apart * apart;
  }
  const double length = seconds / static_cast<double>(windows.size());
  pace.variance /= std::max<double>(1, static_cast<double>(windows.size()) - 1) * length * length;
  return pace;
}

// Where blocks count late, the last windows are not among those that are judged. If the most that
// they can come to leave is little beside the others, and chance does not explain that, what grew
// has ended.
bool has_ended_since(const Evidence& evidence, const Trend& trend) {
  constexpr double kEnded = 1. / 3;
  constexpr double kStandardErrors = 2;
  const Windows& windows = evidence.windows;
  if (windows.unripe.empty() || trend.windows < 3) return false;
  const Pace before = pace_of(std::span(windows.list).last(trend.windows));
  const Pace since = pace_of(windows.unripe);
  const double error =
      std::sqrt(before.variance * (1 / static_cast<double>(trend.windows) +
                                   1 / static_cast<double>(windows.unripe.size())));
  return since.mean < kEnded * before.mean && before.mean - since.mean > kStandardErrors * error;
}

// Each release leaves more behind than the one before, and something of every window up to it.
bool floor_rises(const Evidence& evidence, const Releases& releases) {
  if (releases.floors.size() < 2 || !evidence.windows.has_births) return false;
  for (size_t i = 1; i < releases.floors.size(); ++i) {
    if (releases.floors[i] < releases.floors[i - 1] + 0.05 * releases.largest) return false;
  }
  const size_t last = evidence.bytes.size() - 1;
  const size_t snapshot = evidence.timeline.regular[releases.last];
  for (size_t g = 1; g < last && evidence.timeline.moments[g] < snapshot; ++g) {
    if (evidence.series.born_blocks[Series::cell(last, g)] <= 0) return false;
  }
  return true;
}

bool judge_sawtooth(const Evidence& evidence, const Trend& trend, Judgement& judgement) {
  const double floor = std::max(kFloorBytes, kJitter * evidence.levels.peak);
  const Releases releases =
      find_releases(at_regular(evidence.timeline, evidence.series.bytes), floor);
  if (releases.count == 0) return false;
  // Where hardly a block outlives a window, ups and downs are chance: what was in flight just then.
  const bool in_flight = evidence.windows.has_births && evidence.windows.young_share > 0.9;
  if (in_flight || (releases.count == 1 && !releases.rises_after &&
                    evidence.levels.last <= evidence.levels.first)) {
    return false;
  }
  if (floor_rises(evidence, releases)) {
    judgement.confidence = 0.6;
    judgement.reason = reason_of(Because::kRisingFloor, evidence, trend);
    judgement.reason.from = releases.floors.front();
    judgement.reason.to = releases.floors.back();
    return true;
  }
  judgement.confidence = std::min(0.95, 0.6 + 0.1 * static_cast<double>(releases.count));
  judgement.reason = reason_of(Because::kReleased, evidence, trend);
  judgement.reason.count = releases.count;
  judgement.reason.to = releases.largest;
  return true;
}

bool rises(const Judgement& judgement) {
  return judgement.growth_bytes > 0 && judgement.bytes_per_second > 0;
}

// Part of what is live.
constexpr double kStaying = 0.2;

// What stays may grow while what is in flight shrinks with the load: then the growth is that of
// what stays. False where all blocks count as soon as they are seen, or nothing grows.
bool count_what_stays(const Evidence& evidence, Judgement& judgement) {
  if (evidence.windows.lag == 0) return false;
  double bytes = 0;
  double blocks = 0;
  double seconds = 0;
  for (const Window& window : evidence.windows.list) {
    bytes += window.bytes;
    blocks += window.blocks();
    seconds += window.seconds;
  }
  // What falls as a whole is not accused for the little that stays.
  if (blocks <= 0 || bytes < kStaying * evidence.levels.last) return false;
  judgement.growth_bytes = bytes;
  judgement.growth_blocks = blocks;
  judgement.bytes_per_second = bytes / seconds;
  judgement.blocks_per_second = blocks / seconds;
  judgement.bytes_per_second_low = 0;
  judgement.bytes_per_second_high = 2 * judgement.bytes_per_second;
  return true;
}

bool is_small(const Evidence& evidence) {
  return evidence.block_levels.peak - evidence.block_levels.low < kFloorBlocks &&
         evidence.levels.peak - evidence.levels.low < kFloorBytes;
}

}  // namespace

Judgement judge(const Timeline& timeline, const Series& series) {
  Judgement judgement;
  if (timeline.regular.empty() || series.bytes.empty()) return judgement;
  const size_t first = timeline.regular.front();
  const size_t last = timeline.regular.back();
  judgement.growth_bytes = series.bytes[last] - series.bytes[first];
  judgement.growth_blocks = series.blocks[last] - series.blocks[first];
  if (timeline.moments.size() < 2) {
    judgement.reason.because = Because::kSingleSnapshot;
    return judgement;
  }
  const Evidence evidence = gather(timeline, series);
  Trend trend = find_trend(steps_of_windows(evidence), evidence.events_per_unit);
  if (trend.obstacle == Obstacle::kNone && has_ended_since(evidence, trend)) {
    trend.obstacle = Obstacle::kStopped;
  }
  judgement.windows = trend.windows;
  judgement.growing_windows = trend.grew;
  judgement.warm_up_windows = trend.warm_up;
  judgement.p_value = trend.p_value;
  fit(evidence, trend.onset + trend.warm_up, judgement);

  const double rise = evidence.levels.last - evidence.levels.first;
  const bool rose = rise > kJitter * evidence.levels.peak &&
                    (rise >= kFloorBytes || judgement.growth_blocks >= kFloorBlocks);
  if (is_small(evidence)) {
    judge_steady(evidence, trend, judgement);
  } else if (evidence.bytes.size() <= 3) {
    if (rose) {
      judge_short(evidence, trend, judgement);
    } else {
      judge_steady(evidence, trend, judgement);
    }
  } else if (trend.obstacle == Obstacle::kNone &&
             (rises(judgement) || count_what_stays(evidence, judgement))) {
    judgement.confidence = leak_confidence(trend);
    judgement.reason = reason_of(Because::kKeepsGrowing, evidence, trend);
  } else if (judge_backlog(evidence, judgement) || judge_container(evidence, judgement) ||
             judge_sawtooth(evidence, trend, judgement)) {
  } else if (rose) {
    judge_rise(evidence, trend, judgement);
  } else {
    judge_steady(evidence, trend, judgement);
  }
  return judgement;
}

Detectable smallest_detectable(const Timeline& timeline) {
  Detectable detectable;
  if (timeline.moments.size() < 4) return detectable;
  const double hours = (timeline.seconds.back() - timeline.seconds.front()) / 3600;
  if (hours <= 0) return detectable;
  detectable.possible = true;
  // What nineteen of twenty leaks must come to in this time, births being chance. Measured by
  // drawing 1,500 leaks of Poisson births for each count: in 4 to 9 windows 15 blocks are found in
  // 96 to 97 % of runs (5 blocks in 39 to 48 %), in 24 windows 25 blocks in 96 %; 25 samples in 94
  // to 98 % (9 in 38 to 41 %), in 24 windows in 95 %. Growth in three thirds of many windows takes
  // more blocks.
  const double windows = static_cast<double>(timeline.moments.size() - 1);
  if (timeline.sampling_interval > 0) {
    detectable.bytes_per_hour = std::max(25.0, windows + 4) * timeline.sampling_interval / hours;
  } else {
    detectable.blocks_per_hour = std::max(16.0, windows + 4) / hours;
  }
  return detectable;
}

}  // namespace silt::analyze
