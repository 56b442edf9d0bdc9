// SPDX-License-Identifier: Apache-2.0
//
// Growth in step; see the header.

#include "symbolizer/analyze/step.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace silt::analyze {
namespace {

constexpr double kTolerance = kInStepTolerance;
constexpr double kLargestMultiple = 256;
constexpr double kLockstepTolerance = 0.005;
constexpr double kLockstepMultiple = 8;
// A thing has at most so many blocks of the series that has fewer.
constexpr double kMostOfOne = 4;
// So many that of two independent Poisson series of one rate, 40 to 400 blocks in 6 to 8 windows,
// at most one in 400 stays within one thing of the other (20,000 simulated of each kind).
constexpr size_t kClearWindows = 6;
constexpr double kClearThings = 40;
// Things of which a snapshot may find one part made and the other not yet.
constexpr double kHalfDone = 3;
// Of fewer samples any proportion is chance.
constexpr double kFewestSamples = 9;
// Standard deviations that one of a hundred pairs in step exceeds.
constexpr double kOneInHundred = 2.33;
// Causes apart from each other stay so close in each of the windows once in so many pairs.
constexpr double kCertain = 1e-4;

// Blocks that each window left behind, as far as the last moment shows; the first moment's own are
// start-up and the last one's are still in flight.
std::vector<double> left_behind(const Timeline& timeline, const Series& series) {
  std::vector<double> result;
  const size_t moments = timeline.moments.size();
  for (size_t i = 1; i + 1 < moments; ++i) {
    result.push_back(series.has_births() ? series.born_blocks[Series::cell(moments - 1, i)]
                                         : series.blocks[timeline.moments[i]] -
                                               series.blocks[timeline.moments[i - 1]]);
  }
  return result;
}

std::vector<double> net_changes(const Timeline& timeline, const Series& series) {
  std::vector<double> result;
  for (size_t i = 1; i + 1 < timeline.moments.size(); ++i) {
    result.push_back(series.blocks[timeline.moments[i]] - series.blocks[timeline.moments[i - 1]]);
  }
  return result;
}

double sum(const std::vector<double>& values) {
  double all = 0;
  for (const double value : values) all += value;
  return all;
}

// What each window left behind is not what it added: older blocks went meanwhile.
bool replaces(const std::vector<double>& left, const std::vector<double>& net) {
  double distance = 0;
  for (size_t i = 0; i < net.size(); ++i) distance += std::abs(left[i] - net[i]);
  return distance >= kTolerance * sum(net);
}

// One has the same small multiple of the other's blocks in every window, but for what was half done
// at a snapshot: the difference must not add up. `chance` is set to how likely two Poisson series
// of these numbers stay as close: the difference of a window is spread by the root of their sum.
bool block_for_block(std::vector<double> few, std::vector<double> many, double& chance) {
  if (sum(few) > sum(many)) std::swap(few, many);
  if (few.size() < 3 || sum(few) <= 0) return false;
  const double multiple = std::round(sum(many) / sum(few));
  if (multiple > kLockstepMultiple) return false;
  const auto [low, high] = std::minmax_element(few.begin(), few.end());
  // Equal rounds of a test make everything equal.
  if (*high - *low < std::max(4.0, 4 * kLockstepTolerance * *high)) return false;
  double ahead = 0;
  double within = 1;
  for (size_t i = 0; i < few.size(); ++i) {
    ahead += many[i] - multiple * few[i];
    const double allowed = std::max(kHalfDone * multiple, kLockstepTolerance * many[i]);
    if (std::abs(ahead) > allowed) return false;
    const double spread = std::sqrt(std::max(1.0, many[i] + multiple * multiple * few[i]));
    within *= std::erf(allowed / spread / std::sqrt(2.0));
  }
  chance = within;
  return true;
}

// Whether the sums so far never part by more than one thing, such as 3 blocks of `many` and 2 of
// `few`: the thing that a thread was making when the snapshot was taken. Two series that go their
// own ways part by the root of their numbers, so there must be enough things and windows to see it.
bool part_by_one_thing(const std::vector<double>& few, const std::vector<double>& many) {
  if (few.size() < kClearWindows) return false;
  for (double of_few = 1; of_few <= kMostOfOne; ++of_few) {
    const double of_many = std::round(sum(many) / sum(few) * of_few);
    if (sum(many) < kClearThings * of_many) return false;
    double apart = 0;
    bool within = true;
    for (size_t i = 0; i < few.size() && within; ++i) {
      apart += many[i] - of_many / of_few * few[i];
      within = std::abs(apart) <= of_many;
    }
    if (within) return true;
  }
  return false;
}

// Samples that stand for what each window left behind, as far as the last moment shows.
std::vector<double> samples_left(const Timeline& timeline, const Series& series) {
  std::vector<double> result;
  const size_t moments = timeline.moments.size();
  const double each = series.samples / series.sampled_bytes;
  for (size_t i = 1; i < moments; ++i) {
    const double bytes = series.has_births() ? series.born_bytes[Series::cell(moments - 1, i)]
                                             : series.bytes[timeline.moments[i]] -
                                                   series.bytes[timeline.moments[i - 1]];
    result.push_back(std::max(0.0, bytes * each));
  }
  return result;
}

// Whether chance explains that two rows of counts are not in one proportion in all windows: the
// chi-square test of homogeneity, by Wilson and Hilferty's approximation.
bool in_one_proportion(const std::vector<double>& a, const std::vector<double>& b) {
  const double all_a = sum(a);
  const double all_b = sum(b);
  if (std::min(all_a, all_b) < kFewestSamples) return false;
  double square = 0;
  double freedom = -1;
  for (size_t i = 0; i < a.size(); ++i) {
    const double here = a[i] + b[i];
    if (here <= 0) continue;
    const double share = here / (all_a + all_b);
    square += (a[i] - all_a * share) * (a[i] - all_a * share) / (all_a * share) +
              (b[i] - all_b * share) * (b[i] - all_b * share) / (all_b * share);
    freedom += 1;
  }
  if (freedom < 2) return false;
  const double variance = 2 / (9 * freedom);
  return (std::cbrt(square / freedom) - (1 - variance)) / std::sqrt(variance) < kOneInHundred;
}

}  // namespace

bool in_step(const Timeline& timeline, const Series& a, const Series& b, double tolerance) {
  if (a.samples > 0 && a.sampled_bytes > 0 && b.samples > 0 && b.sampled_bytes > 0) {
    return in_one_proportion(samples_left(timeline, a), samples_left(timeline, b));
  }
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
  if (distance <= tolerance * many_sum) return true;
  return timeline.sampling_interval == 0 && part_by_one_thing(few, many);
}

Lockstep lockstep(const Timeline& timeline, const Series& a, const Series& b) {
  if (timeline.sampling_interval > 0) return Lockstep::kNone;
  const std::vector<double> a_net = net_changes(timeline, a);
  const std::vector<double> b_net = net_changes(timeline, b);
  const std::vector<double> a_left = left_behind(timeline, a);
  const std::vector<double> b_left = left_behind(timeline, b);
  double net = 1;
  double left = 1;
  const bool by_net = block_for_block(a_net, b_net, net);
  const bool by_left = block_for_block(a_left, b_left, left);
  if (!by_net && !by_left) return Lockstep::kNone;
  if (by_net && (replaces(a_left, a_net) || replaces(b_left, b_net))) return Lockstep::kOneThing;
  return std::min(net, left) <= kCertain ? Lockstep::kCertainPace : Lockstep::kSamePace;
}

}  // namespace silt::analyze
