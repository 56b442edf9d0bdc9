// SPDX-License-Identifier: Apache-2.0
//
// Growth in step; see the header.

#include "symbolizer/analyze/step.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace silt::analyze {
namespace {

constexpr double kTolerance = 0.03;
constexpr double kLargestMultiple = 256;

// Blocks that each window left behind, as far as the last frame shows; the first frame's own are
// start-up and the last one's are still in flight.
std::vector<double> left_behind(const Timeline& timeline, const Series& series) {
  std::vector<double> result;
  const size_t frames = timeline.frames.size();
  for (size_t i = 1; i + 1 < frames; ++i) {
    result.push_back(series.has_births() ? series.born_blocks[Series::cell(frames - 1, i)]
                                         : series.blocks[timeline.frames[i]] -
                                               series.blocks[timeline.frames[i - 1]]);
  }
  return result;
}

}  // namespace

bool in_step(const Timeline& timeline, const Series& a, const Series& b) {
  std::vector<double> few = left_behind(timeline, a);
  std::vector<double> many = left_behind(timeline, b);
  // One part may begin later than another: an interpreter's small numbers are made once only.
  size_t begin = 0;
  while (begin < few.size() && (few[begin] <= 0 || many[begin] <= 0)) ++begin;
  if (few.size() < begin + 3 || begin > few.size() / 2) return false;
  few.erase(few.begin(), few.begin() + static_cast<ptrdiff_t>(begin));
  many.erase(many.begin(), many.begin() + static_cast<ptrdiff_t>(begin));
  double few_sum = 0;
  double many_sum = 0;
  for (const double value : few) few_sum += value;
  for (const double value : many) many_sum += value;
  if (few_sum > many_sum) {
    std::swap(few, many);
    std::swap(few_sum, many_sum);
  }
  if (few_sum <= 0 || many_sum > kLargestMultiple * few_sum) return false;
  const double multiple = many_sum / few_sum;
  double distance = 0;
  for (size_t i = 0; i < few.size(); ++i) distance += std::abs(many[i] - multiple * few[i]);
  return distance <= kTolerance * many_sum;
}

}  // namespace silt::analyze
