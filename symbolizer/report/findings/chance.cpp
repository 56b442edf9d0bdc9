// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/report/findings/chance.h"

#include <algorithm>
#include <cmath>

namespace silt::report {
namespace {

constexpr double kPools = 64 * 1024;
constexpr double kFewestSamples = 9;
constexpr double kStandardErrors = 3;

}  // namespace

bool is_by_chance(const Group& group) {
  const double growth = group.judgement.growth_bytes;
  if (group.heap != read::Heap::kManaged) return growth < kPools;
  if (group.sum.sampled_bytes <= 0) return false;
  return growth * group.sum.samples / group.sum.sampled_bytes < kFewestSamples;
}

bool swings_by_chance(const Group& group) {
  const analyze::Series& sum = group.sum;
  if (group.heap != read::Heap::kManaged || sum.sampled_bytes <= 0 || sum.bytes.empty()) {
    return false;
  }
  const auto [least, most] = std::minmax_element(sum.bytes.begin(), sum.bytes.end());
  const double samples = sum.samples / sum.sampled_bytes;
  const double peak = std::max(kFewestSamples, *most * samples);
  return (*most - *least) * samples < kStandardErrors * std::sqrt(peak);
}

}  // namespace silt::report
