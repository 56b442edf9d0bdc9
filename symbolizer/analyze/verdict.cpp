// SPDX-License-Identifier: Apache-2.0
//
// The rules, in the order in which they decide; the figures they need come from trend and shape.

#include "symbolizer/analyze/verdict.h"

#include <algorithm>
#include <cmath>

#include "symbolizer/analyze/shape.h"
#include "symbolizer/analyze/statistics.h"
#include "symbolizer/analyze/trend.h"
#include "symbolizer/analyze/windows.h"
#include "symbolizer/base/quantity.h"

namespace silt::analyze {
namespace {

// What moves by less than this is steady: a few blocks of a few bytes are nobody's problem.
constexpr double kFloorBlocks = 5;
constexpr double kFloorBytes = 2048;
// A rise in fewer blocks than make a trend is worth a word from this size on.
constexpr double kManyBytes = 256 * 1024;
// A rise of less than this share of what is live is the jitter of a full cache.
constexpr double kJitter = 0.1;

struct Evidence {
  const Timeline& timeline;
  const Series& series;
  std::vector<double> bytes;   // at frames
  std::vector<double> blocks;  // at frames
  Levels levels;               // of bytes, at regular snapshots
  Levels block_levels;
  Windows windows;
  // What the windows count: blocks, or the bytes of a JavaScript heap, where V8 takes its samples
  // by the byte and the number of objects is a rough guess.
  bool counts_bytes = false;
  double events_per_unit = 1;
  double seconds = 0;  // between first and last frame
};

Evidence gather(const Timeline& timeline, const Series& series) {
  Evidence evidence{timeline,
                    series,
                    at_frames(timeline, series.bytes),
                    at_frames(timeline, series.blocks),
                    {},
                    {},
                    {},
                    series.samples > 0 && series.sampled_bytes > 0,
                    1,
                    0};
  evidence.levels = levels_of(at_regular(timeline, series.bytes));
  evidence.block_levels = levels_of(at_regular(timeline, series.blocks));
  if (evidence.counts_bytes) {
    Series bytes = series;
    bytes.blocks = series.bytes;
    bytes.born_blocks = series.born_bytes;
    evidence.windows = make_windows(timeline, bytes);
  } else {
    evidence.windows = make_windows(timeline, series);
  }
  evidence.seconds = timeline.seconds.back() - timeline.seconds.front();
  if (evidence.counts_bytes) {
    evidence.events_per_unit = std::min(0.999, series.samples / series.sampled_bytes);
  } else if (timeline.sampling_interval > 0) {
    // A sampled block of s bytes stands for interval / s blocks; one larger than the interval is
    // seen nearly always.
    const double blocks = std::max(evidence.block_levels.peak, 1e-9);
    const double size = std::max(1.0, evidence.levels.peak / blocks);
    evidence.events_per_unit = std::min(1.0, size / timeline.sampling_interval);
  }
  return evidence;
}

std::string over(double seconds) { return "in " + format_duration(seconds); }

std::string windows_text(size_t grew, size_t windows) {
  if (grew == windows) return "in each of " + std::to_string(windows) + " windows";
  return "in " + std::to_string(grew) + " of " + std::to_string(windows) + " windows";
}

std::string after_warm_up(size_t warm_up) {
  if (warm_up == 0) return "";
  return " after a warm-up of " + format_counted(static_cast<double>(warm_up), "window");
}

// The line through live bytes from the end of warm-up on.
void fit(const Evidence& evidence, size_t warm_up, Judgement& judgement) {
  const Timeline& timeline = evidence.timeline;
  const size_t from = std::min(warm_up, timeline.frames.size() - 2);
  const std::span<const double> x = std::span(timeline.seconds).subspan(from);
  const Slope bytes = theil_sen(x, std::span(evidence.bytes).subspan(from));
  const Slope blocks = theil_sen(x, std::span(evidence.blocks).subspan(from));
  judgement.bytes_per_second = bytes.per_x;
  judgement.bytes_per_second_low = bytes.low;
  judgement.bytes_per_second_high = bytes.high;
  judgement.blocks_per_second = blocks.per_x;
  // Rare events make the median slope of blocks or bytes zero: the mean pace is the better word.
  const double length = x.back() - x.front();
  if (length > 0 && judgement.bytes_per_second <= 0 &&
      evidence.bytes.back() > evidence.bytes[from]) {
    judgement.bytes_per_second = (evidence.bytes.back() - evidence.bytes[from]) / length;
    judgement.bytes_per_second_high = std::max(bytes.high, judgement.bytes_per_second);
  }
  if (length > 0 && judgement.blocks_per_second <= 0 &&
      evidence.blocks.back() > evidence.blocks[from]) {
    judgement.blocks_per_second = (evidence.blocks.back() - evidence.blocks[from]) / length;
  }
  if (!timeline.work.empty()) {
    judgement.bytes_per_work =
        theil_sen(std::span(timeline.work).subspan(from), std::span(evidence.bytes).subspan(from))
            .per_x;
  }
}

double leak_confidence(const Trend& trend) {
  const double by_windows = 1 - std::exp(-static_cast<double>(trend.windows) / 3);
  const double by_events = 1 - std::exp(-trend.events / 10);
  const double every = static_cast<double>(trend.grew) / static_cast<double>(trend.windows);
  const double kept = trend.born > 0 ? 1 - 0.5 * trend.died / trend.born : 1;
  return std::clamp(0.5 + 0.5 * by_windows * by_events * std::sqrt(every) * kept, 0.5, 0.99);
}

std::string amount(const Evidence& evidence, double units) {
  return evidence.counts_bytes ? format_bytes(units) : format_count(units);
}

std::string leak_reason(const Evidence& evidence, const Trend& trend) {
  std::string text = std::string(evidence.counts_bytes ? "live objects" : "live blocks") +
                     " grew " + windows_text(trend.grew, trend.windows) +
                     after_warm_up(trend.warm_up) + ", by " +
                     amount(evidence, trend.born - trend.died) + " in all";
  if (!evidence.windows.has_births) return text;
  if (trend.died <= 0) return text + "; none of those that came to stay went away later";
  return text + "; " + amount(evidence, trend.born) + " came to stay, " +
         amount(evidence, trend.died) + " went away";
}

std::vector<Step> steps_of_windows(const Evidence& evidence) {
  std::vector<Step> steps;
  const double turn = evidence.timeline.counts_windows ? 1 : 0;
  for (const Window& w : evidence.windows.list) {
    steps.push_back({w.seconds, w.activity, w.work, w.born, w.died, turn});
  }
  return steps;
}

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

bool judge_container(const Evidence& evidence, Judgement& judgement) {
  if (!is_container(evidence) || judgement.growth_bytes < kFloorBytes) return false;
  const std::string blocks = format_counted(evidence.blocks.back(), "block");
  const std::string sizes = " from " + format_bytes(evidence.bytes.front()) + " to " +
                            format_bytes(evidence.bytes.back());
  const Jumps jumps = find_jumps(evidence.timeline.seconds, evidence.bytes);
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
    judgement.verdict = Verdict::kLeak;
    judgement.p_value = 0;
    judgement.confidence = 0.6 + 0.35 * (1 - std::exp(-static_cast<double>(trend.windows) / 4));
    judgement.reason = blocks + " grew" + sizes + ", " + windows_text(trend.grew, trend.windows) +
                       after_warm_up(trend.warm_up) + ": a container that is only added to";
    return true;
  }
  if (jumps.falls || jumps.count < 2) return false;
  if (jumps.overdue) {
    judgement.verdict = Verdict::kBounded;
    judgement.confidence = 0.7;
    judgement.reason = blocks + " grew" + sizes + " in " +
                       format_counted(static_cast<double>(jumps.count), "step") +
                       ", then no more for longer than that pace predicts";
    return true;
  }
  const bool enough = jumps.count >= 3 && evidence.bytes.size() >= 6;
  judgement.verdict = enough ? Verdict::kLeak : Verdict::kGrowing;
  judgement.p_value = judgement.verdict == Verdict::kLeak ? 0 : 1;
  judgement.confidence = judgement.verdict == Verdict::kLeak
                             ? std::min(0.9, 0.5 + 0.08 * static_cast<double>(jumps.count))
                             : 0.5;
  judgement.reason = blocks + " grew" + sizes + " in " +
                     format_counted(static_cast<double>(jumps.count), "step") +
                     " that fit a container filled at a steady pace";
  if (judgement.verdict == Verdict::kGrowing) judgement.reason += "; too few steps to be sure";
  return true;
}

// Each release leaves more behind than the one before, and something of every window up to it.
bool floor_rises(const Evidence& evidence, const Releases& releases) {
  if (releases.floors.size() < 2 || !evidence.windows.has_births) return false;
  for (size_t i = 1; i < releases.floors.size(); ++i) {
    if (releases.floors[i] < releases.floors[i - 1] + 0.05 * releases.largest) return false;
  }
  const size_t last = evidence.bytes.size() - 1;
  const size_t snapshot = evidence.timeline.regular[releases.last];
  for (size_t g = 1; g < last && evidence.timeline.frames[g] < snapshot; ++g) {
    if (evidence.series.born_blocks[Series::cell(last, g)] <= 0) return false;
  }
  return true;
}

bool judge_sawtooth(const Evidence& evidence, Judgement& judgement) {
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
    judgement.verdict = Verdict::kGrowing;
    judgement.confidence = 0.6;
    judgement.reason = "rises and is released in bulk, but each release leaves more behind: " +
                       format_bytes(releases.floors.front()) + ", at last " +
                       format_bytes(releases.floors.back());
    return true;
  }
  judgement.verdict = Verdict::kSawtooth;
  judgement.confidence = std::min(0.95, 0.6 + 0.1 * static_cast<double>(releases.count));
  judgement.reason = "rises and is released in bulk: " +
                     format_counted(static_cast<double>(releases.count), "time") +
                     " so far, up to " + format_bytes(releases.largest) + " at once";
  return true;
}

bool is_small(const Evidence& evidence) {
  return evidence.block_levels.peak - evidence.block_levels.low < kFloorBlocks &&
         evidence.levels.peak - evidence.levels.low < kFloorBytes;
}

void judge_steady(const Evidence& evidence, const Trend& trend, Judgement& judgement) {
  judgement.verdict = Verdict::kSteady;
  judgement.confidence = evidence.bytes.size() >= 4 ? 0.9 : 0.5;
  const double from = evidence.levels.low;
  const double to = evidence.levels.peak;
  if (from == to && evidence.block_levels.low == evidence.block_levels.peak) {
    judgement.reason = "the same at every snapshot, " + format_bytes(to);
  } else if (trend.died > 0.3 * trend.born && trend.born > evidence.block_levels.peak * 0.1 &&
             evidence.windows.has_births) {
    judgement.reason = "stays between " + format_bytes(from) + " and " + format_bytes(to) +
                       " while blocks come and go";
  } else if (evidence.levels.last < evidence.levels.first) {
    judgement.reason = "fell from " + format_bytes(evidence.levels.first) + " to " +
                       format_bytes(evidence.levels.last);
  } else {
    judgement.reason = "stays between " + format_bytes(from) + " and " + format_bytes(to);
  }
}

// What rose and is no leak: flat by now, or in doubt.
void judge_rise(const Evidence& evidence, const Trend& trend, Judgement& judgement) {
  const double rise = evidence.levels.last - evidence.levels.first;
  const double peak = evidence.levels.peak;
  const std::string rose = "rose by " + format_bytes(rise) + " " + over(evidence.seconds);
  const auto bounded = [&](double confidence, std::string reason) {
    judgement.verdict = Verdict::kBounded;
    judgement.confidence = confidence;
    judgement.reason = std::move(reason);
  };
  const auto growing = [&](double confidence, std::string reason) {
    judgement.verdict = Verdict::kGrowing;
    judgement.confidence = confidence;
    judgement.reason = std::move(reason);
  };
  const std::vector<double>& bytes = evidence.bytes;
  const size_t frames = bytes.size();
  const double late = bytes.back() - bytes[frames - 1 - std::max<size_t>(1, frames / 3)];
  const bool flat = late < kJitter * rise || late < 0.02 * peak;
  const double confidence = frames >= 6 ? 0.85 : 0.6;
  switch (trend.obstacle) {
    case Obstacle::kNoGrowth:
      return bounded(confidence, rose + ", then flat at " + format_bytes(bytes.back()));
    case Obstacle::kWithinNoise:
      if (flat) {
        return bounded(confidence, rose + "; by now as much goes as comes (" +
                                       amount(evidence, trend.born) + " came, " +
                                       amount(evidence, trend.died) + " went)");
      }
      judgement.verdict = Verdict::kSteady;
      judgement.confidence = 0.6;
      judgement.reason = rose + ", no more than chance explains: " + amount(evidence, trend.born) +
                         (evidence.counts_bytes ? " came, " : " blocks came, ") +
                         amount(evidence, trend.died) + " went";
      return;
    case Obstacle::kBend:
      if (trend.even_tail > 0) {
        return growing(0.5, rose + ", more slowly than at first (" +
                                format_percent(std::max(0.0, trend.late_pace)) +
                                " of that pace), but no slower still in the last " +
                                std::to_string(trend.even_tail) + " windows");
      }
      return bounded(flat ? confidence : 0.6, rose + ", but ever more slowly: the last third at " +
                                                  format_percent(std::max(0.0, trend.late_pace)) +
                                                  " of the first pace");
    case Obstacle::kStopped:
      if (flat || trend.grew + 1 < trend.windows) {
        return bounded(confidence, rose + ", then stopped at " + format_bytes(bytes.back()));
      }
      return growing(0.4, rose + ", but not in the last window");
    case Obstacle::kReplacing:
      if (flat) return bounded(confidence, rose + ", then flat: old blocks go as new ones come");
      return growing(0.4,
                     rose + ", but at the end old blocks go as new ones come, as never before");
    case Obstacle::kTooShort:
      if (frames >= 5 && flat) {
        return bounded(0.5, rose + ", then flat at " + format_bytes(bytes.back()));
      }
      return growing(0.4, rose + "; too few windows after warm-up to tell a leak (" +
                              std::to_string(trend.windows) + ")");
    case Obstacle::kTooFew:
      if (flat) return bounded(0.5, rose + ", then flat at " + format_bytes(bytes.back()));
      if (rise >= kManyBytes || frames < 6) {
        return growing(
            0.4, rose + ", but in only " +
                     format_counted(trend.events, evidence.counts_bytes ? "sample" : "block") +
                     ": too few for a trend");
      }
      judgement.verdict = Verdict::kSteady;
      judgement.confidence = 0.5;
      judgement.reason = rose + ", a matter of " +
                         format_counted(trend.events, evidence.counts_bytes ? "sample" : "block") +
                         ": no trend to speak of";
      return;
    case Obstacle::kNotEvery:
    case Obstacle::kNone:
      break;
  }
  if (flat) return bounded(confidence, rose + ", then flat at " + format_bytes(bytes.back()));
  growing(0.5, rose + ", but only " + windows_text(trend.grew, trend.windows) +
                   after_warm_up(trend.warm_up));
}

void judge_short(const Evidence& evidence, Judgement& judgement) {
  const double rise = evidence.levels.last - evidence.levels.first;
  const std::vector<double>& bytes = evidence.bytes;
  if (bytes.size() == 3 && bytes[2] - bytes[1] < kJitter * rise) {
    judgement.verdict = Verdict::kBounded;
    judgement.confidence = 0.4;
    judgement.reason = "rose by " + format_bytes(rise) + ", then flat at " +
                       format_bytes(bytes[2]) + ": three snapshots are a short look";
    return;
  }
  judgement.verdict = Verdict::kGrowing;
  judgement.confidence = bytes.size() == 2 ? 0.3 : 0.4;
  judgement.reason = "rose by " + format_bytes(rise) + " " + over(evidence.seconds) + "; " +
                     (bytes.size() == 2 ? "two" : "three") +
                     " snapshots cannot tell a leak from warm-up";
}

}  // namespace

const char* verdict_word(Verdict verdict) {
  switch (verdict) {
    case Verdict::kLeak:
      return "leak";
    case Verdict::kGrowing:
      return "growing";
    case Verdict::kBounded:
      return "bounded";
    case Verdict::kSawtooth:
      return "sawtooth";
    case Verdict::kRetained:
      return "retained";
    case Verdict::kSteady:
      break;
  }
  return "steady";
}

Judgement judge(const Timeline& timeline, const Series& series) {
  Judgement judgement;
  if (timeline.regular.empty() || series.bytes.empty()) {
    judgement.reason = "nothing was recorded";
    return judgement;
  }
  const size_t first = timeline.regular.front();
  const size_t last = timeline.regular.back();
  judgement.growth_bytes = series.bytes[last] - series.bytes[first];
  judgement.growth_blocks = series.blocks[last] - series.blocks[first];
  if (timeline.frames.size() < 2) {
    judgement.reason = "a single snapshot shows what is in use, not what grows";
    return judgement;
  }
  const Evidence evidence = gather(timeline, series);
  const Trend trend = find_trend(steps_of_windows(evidence), evidence.events_per_unit);
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
      judge_short(evidence, judgement);
    } else {
      judge_steady(evidence, trend, judgement);
    }
  } else if (trend.obstacle == Obstacle::kNone && judgement.growth_bytes > 0) {
    judgement.verdict = Verdict::kLeak;
    judgement.confidence = leak_confidence(trend);
    judgement.reason = leak_reason(evidence, trend);
  } else if (judge_container(evidence, judgement) || judge_sawtooth(evidence, judgement)) {
  } else if (rose) {
    judge_rise(evidence, trend, judgement);
  } else {
    judge_steady(evidence, trend, judgement);
  }
  return judgement;
}

Detectable smallest_detectable(const Timeline& timeline) {
  Detectable detectable;
  if (timeline.frames.size() < 4) return detectable;
  const double hours = (timeline.seconds.back() - timeline.seconds.front()) / 3600;
  if (hours <= 0) return detectable;
  detectable.possible = true;
  if (timeline.sampling_interval > 0) {
    // Nine samples are three standard errors of a Poisson count.
    detectable.bytes_per_hour = 9 * timeline.sampling_interval / hours;
  } else {
    detectable.blocks_per_hour = kFloorBlocks / hours;
  }
  return detectable;
}

}  // namespace silt::analyze
