// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/analyze/rise.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "symbolizer/base/quantity.h"

namespace silt::analyze {

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
    case Obstacle::kTail:
      if (late < 0.02 * peak) {
        return bounded(0.6, rose + ", then nearly flat at " + format_bytes(bytes.back()));
      }
      return growing(0.4, rose + ", but what followed the first rush may be the end of it");
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
      // Many bytes of a JavaScript heap in a few samples are chance like any few samples.
      if ((rise >= kManyBytes && !evidence.counts_bytes) || frames < 6) {
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

}  // namespace silt::analyze
