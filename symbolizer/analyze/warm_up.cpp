// SPDX-License-Identifier: Apache-2.0
//
// See the header and docs/verdicts.md.

#include "symbolizer/analyze/warm_up.h"

#include <algorithm>
#include <vector>

#include "symbolizer/analyze/statistics.h"

namespace silt::analyze {
namespace {

using Steps = std::span<const Step>;

// A window is warm-up when it outpaces the median of the later ones by this factor. Growth like the
// logarithm falls off more slowly from window to window and so stays in view of the bend test.
constexpr double kWarmUpFactor = 2.5;
// A second phase of warm-up stands out this far from what follows.
constexpr double kSecondPhaseFactor = 4;

}  // namespace

size_t find_onset(Steps steps) {
  size_t onset = 0;
  while (onset < steps.size() && steps[onset].born <= 0 && steps[onset].died <= 0) ++onset;
  return onset < steps.size() ? onset : 0;
}

size_t find_warm_up(Steps steps, double events_per_unit) {
  size_t warm_up = 0;
  while (warm_up < steps.size() / 2 && steps.size() - warm_up - 1 >= 3) {
    std::vector<double> later;
    for (const Step& step : steps.subspan(warm_up + 1)) later.push_back(step.net() / step.seconds);
    const double usual = std::max(0.0, median(later));
    const Step& step = steps[warm_up];
    const double excess = (step.net() - usual * step.seconds) * events_per_unit;
    if (step.net() / step.seconds <= kWarmUpFactor * usual || excess < kFewestEvents) break;
    ++warm_up;
  }
  // A second phase, as when a job or a peer starts: windows in between are warm-up as well.
  for (size_t i = warm_up + 1; i < steps.size() / 2 && steps.size() - i - 1 >= 6; ++i) {
    std::vector<double> later;
    for (const Step& step : steps.subspan(i + 1)) later.push_back(step.net() / step.seconds);
    const double usual = median(later);
    const double excess = (steps[i].net() - usual * steps[i].seconds) * events_per_unit;
    if (usual <= 0 || excess < kFewestEvents) continue;
    if (steps[i].net() / steps[i].seconds > kSecondPhaseFactor * usual) warm_up = i + 1;
  }
  return warm_up;
}

}  // namespace silt::analyze
