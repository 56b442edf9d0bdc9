// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/analyze/evidence.h"

#include <algorithm>
#include <span>

#include "symbolizer/analyze/statistics.h"

namespace silt::analyze {

Evidence gather(const Timeline& timeline, const Series& series) {
  Evidence evidence{timeline,
                    series,
                    at_moments(timeline, series.bytes),
                    at_moments(timeline, series.blocks),
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

void fit(const Evidence& evidence, size_t warm_up, Judgement& judgement) {
  const Timeline& timeline = evidence.timeline;
  const size_t from = std::min(warm_up, timeline.moments.size() - 2);
  const std::span<const double> x = std::span(timeline.seconds).subspan(from);
  const Slope bytes = theil_sen(x, std::span(evidence.bytes).subspan(from));
  const Slope blocks = theil_sen(x, std::span(evidence.blocks).subspan(from));
  judgement.bytes_per_second = bytes.per_x;
  judgement.bytes_per_second_low = bytes.low;
  judgement.bytes_per_second_high = bytes.high;
  judgement.pace_error = pace_error(x, std::span(evidence.bytes).subspan(from));
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

Reason reason_of(Because because, const Evidence& evidence, const Trend& trend) {
  Reason reason;
  reason.because = because;
  reason.by_bytes = evidence.counts_bytes;
  reason.has_births = evidence.windows.has_births;
  reason.rise = evidence.levels.last - evidence.levels.first;
  reason.seconds = evidence.seconds;
  reason.from = evidence.bytes.front();
  reason.to = evidence.bytes.back();
  reason.born = trend.born;
  reason.died = trend.died;
  reason.blocks = evidence.blocks.back();
  reason.pace = trend.late_pace;
  reason.grew = trend.grew;
  reason.windows = trend.windows;
  reason.warm_up = trend.warm_up;
  return reason;
}

}  // namespace silt::analyze
