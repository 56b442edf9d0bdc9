// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/analyze/container.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "symbolizer/analyze/shape.h"
#include "symbolizer/analyze/trend.h"

namespace silt::analyze {
namespace {

// A smaller change in size is no jump.
constexpr double kJump = 1.05;

// For containers only the change in size counts: the old block dies whenever a larger one is born.
std::vector<Step> steps_of_bytes(const Evidence& evidence) {
  std::vector<Step> steps;
  const Timeline& timeline = evidence.timeline;
  for (size_t i = 1; i < evidence.bytes.size(); ++i) {
    const double change = evidence.bytes[i] - evidence.bytes[i - 1];
    Step step;
    step.seconds = timeline.seconds[i] - timeline.seconds[i - 1];
    step.activity = timeline.activity[i] - timeline.activity[i - 1];
    if (!timeline.work.empty()) step.work = timeline.work[i] - timeline.work[i - 1];
    step.born = std::max(0.0, change);
    step.died = std::max(0.0, -change);
    steps.push_back(step);
  }
  return steps;
}

// Blocks that grow rather than multiply: their mean size rises while their number hardly does. A
// number that more than doubles is that of things added, however large the last of them are.
bool is_container(const Evidence& evidence) {
  const size_t last = evidence.bytes.size() - 1;
  // A few samples of many objects are no container.
  if (evidence.counts_bytes && (evidence.blocks[last] > 8 || evidence.bytes[last] < kManyBytes)) {
    return false;
  }
  size_t first = 0;
  while (first < last && evidence.blocks[first] <= 0) ++first;
  if (evidence.blocks[first] <= 0 || evidence.blocks[last] <= 0) return false;
  const double more_blocks = evidence.blocks[last] / evidence.blocks[first];
  const double more_bytes = evidence.bytes[last] / std::max(1.0, evidence.bytes[first]);
  if (more_blocks > 2 && evidence.blocks[last] - evidence.blocks[first] > 2) return false;
  return more_bytes >= 1.3 && more_blocks <= 1 + 0.2 * (more_bytes - 1);
}

// A container copies itself into a larger block: a snapshot in between shows both. It has the size
// that it has next.
std::vector<double> without_copies(const Evidence& evidence) {
  std::vector<double> bytes = evidence.bytes;
  for (size_t i = 1; i + 1 < bytes.size(); ++i) {
    const bool two = evidence.blocks[i] > evidence.blocks[i + 1];
    if (two && bytes[i] > bytes[i + 1] && bytes[i + 1] >= bytes[i - 1]) bytes[i] = bytes[i + 1];
  }
  return bytes;
}

// Few blocks hold this many times as many.
constexpr double kContents = 20;
constexpr double kFewBlocks = 4;
// Part of the peak from which on a content counts as full.
constexpr double kFull = 0.9;

}  // namespace

bool is_full_with(const Timeline& timeline, const Series& container, const Series& content) {
  const std::vector<double> holder = at_moments(timeline, container.bytes);
  const std::vector<double> held = at_moments(timeline, content.bytes);
  const Levels holders = levels_of(at_moments(timeline, container.blocks));
  const Levels helds = levels_of(at_moments(timeline, content.blocks));
  if (holders.peak - holders.low > kFewBlocks) return false;
  if (helds.peak < kContents * std::max(1.0, holders.last)) return false;
  const double peak = levels_of(held).peak;
  size_t full = 0;
  while (held[full] < kFull * peak) ++full;
  size_t grew = 0;
  double largest = holder.front();
  for (size_t i = 1; i < holder.size(); ++i) {
    if (holder[i] > kJump * largest) grew = i;
    largest = std::max(largest, holder[i]);
  }
  // A hash table makes room for what comes with its last entries.
  return grew <= full + 1;
}

bool is_taken_over(const Timeline& timeline, const Series& part, const Series& whole) {
  constexpr size_t kFewestWindows = 2;
  constexpr double kGivenBack = 0.5;  // of what the part took
  const std::vector<double> all = at_moments(timeline, whole.blocks);
  const std::vector<double> own = at_moments(timeline, part.blocks);
  const Levels levels = levels_of(all);
  size_t full = 0;
  while (all[full] < levels.low + kFull * (levels.peak - levels.low)) ++full;
  if (full + kFewestWindows >= all.size()) return false;
  const double taken = own.back() - own[full];
  return taken > 0 && all.back() - all[full] < kGivenBack * taken;
}

bool judge_container(const Evidence& evidence, Judgement& judgement) {
  if (!is_container(evidence) || judgement.growth_bytes < kFloorBytes) return false;
  const Jumps jumps = find_jumps(evidence.timeline.seconds, without_copies(evidence));
  const std::vector<Step> steps = steps_of_bytes(evidence);
  // One observation a window: how large a step was says how the container grows, not how sure.
  double mean = 0;
  for (const Step& step : steps) mean += std::abs(step.net()) / static_cast<double>(steps.size());
  const Trend trend = find_trend(steps, mean > 0 ? 5 / mean : 1);
  judgement.windows = trend.windows;
  judgement.growing_windows = trend.grew;
  judgement.warm_up_windows = trend.warm_up;
  const bool every = trend.windows >= 4 && trend.grew == trend.windows && trend.late_pace >= 0.6;
  if (every && !jumps.falls) {
    judgement.p_value = 0;
    judgement.confidence = 0.6 + 0.35 * (1 - std::exp(-static_cast<double>(trend.windows) / 4));
    judgement.reason = reason_of(Because::kContainer, evidence, trend);
    return true;
  }
  if (jumps.falls || jumps.count < 2) return false;
  const bool enough = jumps.count >= 3 && evidence.bytes.size() >= 6;
  judgement.reason = reason_of(jumps.overdue ? Because::kContainerFull
                               : enough      ? Because::kContainerSteps
                                             : Because::kContainerFewSteps,
                               evidence, trend);
  judgement.reason.count = jumps.count;
  if (jumps.overdue) {
    judgement.confidence = 0.7;
    return true;
  }
  judgement.p_value = enough ? 0 : 1;
  judgement.confidence =
      enough ? std::min(0.9, 0.5 + 0.08 * static_cast<double>(jumps.count)) : 0.5;
  return true;
}

}  // namespace silt::analyze
