// SPDX-License-Identifier: Apache-2.0
//
// Shapes of live bytes over time; see the header.

#include "symbolizer/analyze/shape.h"

#include <algorithm>

#include "symbolizer/analyze/statistics.h"

namespace silt::analyze {
namespace {

constexpr double kLeastJump = 1.05;  // a smaller change in size is no jump of a container
constexpr double kLateness = 1.15;   // load is never quite steady
constexpr double kReleased = 0.5;    // share of what was gathered that must go at once
constexpr double kMatters = 0.3;     // share of the peak that a rise must make up

std::vector<double> picked(const std::vector<size_t>& indices, const std::vector<double>& values) {
  std::vector<double> result;
  result.reserve(indices.size());
  for (const size_t index : indices) result.push_back(values[index]);
  return result;
}

}  // namespace

Levels levels_of(const std::vector<double>& values) {
  if (values.empty()) return {};
  const auto [low, peak] = std::minmax_element(values.begin(), values.end());
  return {values.front(), values.back(), *low, *peak};
}

std::vector<double> at_regular(const Timeline& timeline, const std::vector<double>& values) {
  return picked(timeline.regular, values);
}

std::vector<double> at_moments(const Timeline& timeline, const std::vector<double>& values) {
  return picked(timeline.moments, values);
}

Releases find_releases(const std::vector<double>& values, double floor) {
  Releases releases;
  if (values.empty()) return releases;
  double low = values.front();
  double peak = values.front();
  for (size_t i = 0; i < values.size(); ++i) {
    const double value = values[i];
    if (value > peak) {
      peak = value;
      releases.rises_after = true;
    }
    const double gathered = peak - low;
    if (gathered >= floor && gathered >= kMatters * peak && peak - value >= kReleased * gathered) {
      ++releases.count;
      releases.largest = std::max(releases.largest, peak - value);
      releases.rises_after = false;
      low = value;
      peak = value;
      releases.last = i;
      releases.floors.push_back(value);
    } else if (value < low) {
      low = value;
      peak = value;
    }
  }
  return releases;
}

Jumps find_jumps(const std::vector<double>& seconds, const std::vector<double>& values) {
  Jumps jumps;
  std::vector<double> ratios;
  double begin = 0;  // when filling began: at the start of the process, unless that was seen
  double last_jump = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] <= 0) {
      begin = seconds[i];
      continue;
    }
    if (i == 0 || values[i - 1] <= 0) continue;
    const double ratio = values[i] / values[i - 1];
    if (ratio < 1 / kLeastJump) jumps.falls = true;
    if (ratio < kLeastJump) continue;
    ++jumps.count;
    ratios.push_back(ratio);
    last_jump = (seconds[i - 1] + seconds[i]) / 2;  // somewhere between the two
  }
  if (jumps.count == 0) return jumps;
  jumps.factor = std::max(median(ratios), *std::max_element(ratios.begin(), ratios.end()) / 2);
  jumps.overdue =
      seconds.back() - begin > (last_jump - begin) * std::max(1.1, jumps.factor) * kLateness;
  // A factor of two is the usual one: a jump of more within one window was several.
  if (jumps.factor > 2) {
    jumps.overdue = seconds.back() - begin > (last_jump - begin) * 2 * kLateness;
  }
  return jumps;
}

}  // namespace silt::analyze
