// SPDX-License-Identifier: Apache-2.0
//
// What the rules look at: one series at the moments of its timeline, with its levels and windows,
// and the line through it. The reasons that come of it begin here: with what all of them say.

#ifndef SILT_SYMBOLIZER_ANALYZE_EVIDENCE_H_
#define SILT_SYMBOLIZER_ANALYZE_EVIDENCE_H_

#include <cstddef>
#include <vector>

#include "symbolizer/analyze/series.h"
#include "symbolizer/analyze/shape.h"
#include "symbolizer/analyze/trend.h"
#include "symbolizer/analyze/verdict.h"
#include "symbolizer/analyze/windows.h"

namespace silt::analyze {

// What moves by less than this is steady: a few blocks of a few bytes are nobody's problem.
inline constexpr double kFloorBlocks = 5;
inline constexpr double kFloorBytes = 2048;
// A rise in fewer blocks than make a trend is worth a word from this size on.
inline constexpr double kManyBytes = 256 * 1024;
// A rise of less than this share of what is live is the jitter of a full cache.
inline constexpr double kJitter = 0.1;

struct Evidence {
  const Timeline& timeline;
  const Series& series;
  std::vector<double> bytes;   // at moments
  std::vector<double> blocks;  // at moments
  Levels levels;               // of bytes, at regular snapshots
  Levels block_levels;
  Windows windows;
  // What the windows count: blocks, or the bytes of a JavaScript heap, where V8 takes its samples
  // by the byte and the number of objects is a rough guess.
  bool counts_bytes = false;
  double events_per_unit = 1;
  double seconds = 0;  // between first and last moment
};

// The series must belong to the timeline, which has two moments at least.
Evidence gather(const Timeline& timeline, const Series& series);

// Fits the line through live bytes from the end of warm-up on: pace, and its interval.
void fit(const Evidence& evidence, size_t warm_up, Judgement& judgement);

// A reason with the figures that the evidence and the trend through its windows have.
Reason reason_of(Because because, const Evidence& evidence, const Trend& trend);

}  // namespace silt::analyze

#endif  // SILT_SYMBOLIZER_ANALYZE_EVIDENCE_H_
