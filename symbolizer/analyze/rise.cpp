// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/analyze/rise.h"

#include <algorithm>
#include <vector>

namespace silt::analyze {

void judge_steady(const Evidence& evidence, const Trend& trend, Judgement& judgement) {
  judgement.confidence = evidence.bytes.size() >= 4 ? 0.9 : 0.5;
  Reason& reason = judgement.reason;
  reason = reason_of(Because::kStays, evidence, trend);
  reason.from = evidence.levels.low;
  reason.to = evidence.levels.peak;
  if (reason.from == reason.to && evidence.block_levels.low == evidence.block_levels.peak) {
    reason.because = Because::kSame;
  } else if (trend.died > 0.3 * trend.born && trend.born > evidence.block_levels.peak * 0.1 &&
             evidence.windows.has_births) {
    reason.because = Because::kComesAndGoes;
  } else if (evidence.levels.last < evidence.levels.first) {
    reason.because = Because::kFell;
    reason.from = evidence.levels.first;
    reason.to = evidence.levels.last;
  }
}

void judge_rise(const Evidence& evidence, const Trend& trend, Judgement& judgement) {
  const double rise = evidence.levels.last - evidence.levels.first;
  const double peak = evidence.levels.peak;
  const auto found = [&](double confidence, Because because) {
    judgement.confidence = confidence;
    judgement.reason = reason_of(because, evidence, trend);
  };
  const std::vector<double>& bytes = evidence.bytes;
  const size_t moments = bytes.size();
  const double late = bytes.back() - bytes[moments - 1 - std::max<size_t>(1, moments / 3)];
  const bool flat = late < kJitter * rise || late < 0.02 * peak;
  const double confidence = moments >= 6 ? 0.85 : 0.6;
  switch (trend.obstacle) {
    case Obstacle::kNoGrowth:
      return found(confidence, Because::kFlat);
    case Obstacle::kWithinNoise:
      return flat ? found(confidence, Because::kBalanced) : found(0.6, Because::kChance);
    case Obstacle::kBend:
      if (trend.even_tail > 0) {
        found(0.5, Because::kSlower);
        judgement.reason.count = trend.even_tail;
        return;
      }
      return found(flat ? confidence : 0.6, Because::kEverSlower);
    case Obstacle::kTail:
      return late < 0.02 * peak ? found(0.6, Because::kNearlyFlat)
                                : found(0.4, Because::kAfterRush);
    case Obstacle::kStopped:
      if (flat || trend.grew + 1 < trend.windows) return found(confidence, Because::kStopped);
      return found(0.4, Because::kNotInLast);
    case Obstacle::kReplacing:
      return flat ? found(confidence, Because::kReplaces) : found(0.4, Because::kReplacesNow);
    case Obstacle::kTooShort:
      return moments >= 5 && flat ? found(0.5, Because::kFlat) : found(0.4, Because::kFewWindows);
    case Obstacle::kTooFew:
      if (flat) return found(0.5, Because::kFlat);
      // Many bytes of a JavaScript heap in a few samples are chance like any few samples.
      if ((rise >= kManyBytes && !evidence.counts_bytes) || moments < 6) {
        found(0.4, Because::kFewEvents);
      } else {
        found(0.5, Because::kHandful);
      }
      judgement.reason.blocks = trend.events;
      return;
    case Obstacle::kNotEvery:
    case Obstacle::kNone:
      break;
  }
  return flat ? found(confidence, Because::kFlat) : found(0.5, Because::kNotEvery);
}

void judge_short(const Evidence& evidence, const Trend& trend, Judgement& judgement) {
  const double rise = evidence.levels.last - evidence.levels.first;
  const std::vector<double>& bytes = evidence.bytes;
  const bool flat = bytes.size() == 3 && bytes[2] - bytes[1] < kJitter * rise;
  judgement.confidence = bytes.size() == 2 ? 0.3 : 0.4;
  judgement.reason =
      reason_of(flat ? Because::kFlatOfThree : Because::kTwoOrThree, evidence, trend);
  judgement.reason.count = bytes.size();
}

}  // namespace silt::analyze
