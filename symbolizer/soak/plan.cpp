// SPDX-License-Identifier: Apache-2.0
//
// The last snapshot is taken when the duration is over and the load still runs: what a load leaves
// behind when it ends is no growth under load.

#include "symbolizer/soak/plan.h"

#include <algorithm>

#include "symbolizer/base/quantity.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/base/setting_text.h"

namespace silt::soak {
namespace {

constexpr size_t kSnapshots = 10;
constexpr size_t kMostSnapshots = 100'000;
constexpr double kWarmUpShare = 0.2;
constexpr double kLongestWarmUp = 120;

Error too_few(size_t count) {
  return Error{"a verdict needs at least " + std::to_string(kFewestSnapshots) +
               " snapshots after the warm-up, this makes " + std::to_string(count)};
}

}  // namespace

Result<double> seconds_of(const std::string& word, const char* option) {
  const auto nanoseconds = parse_duration(word);
  if (!nanoseconds) {
    return Error{std::string(option) + " " + in_quotes(word) + " is not a time: 30s, 2m, 1h"};
  }
  return static_cast<double>(*nanoseconds) / 1e9;
}

Result<Plan> make_plan(const PlanWords& words) {
  Plan plan;
  const Result<double> duration = seconds_of(words.duration, "--duration");
  if (!duration) return duration.error();
  if (*duration <= 0) return Error{"--duration must be above zero"};
  plan.duration_seconds = *duration;
  plan.warm_up_seconds = std::min(kLongestWarmUp, *duration * kWarmUpShare);
  if (!words.warm_up.empty()) {
    const Result<double> warm_up = seconds_of(words.warm_up, "--warm-up");
    if (!warm_up) return warm_up.error();
    if (*warm_up >= *duration) {
      return Error{"--warm-up " + in_quotes(words.warm_up) + " leaves nothing of --duration " +
                   in_quotes(words.duration)};
    }
    plan.warm_up_seconds = *warm_up;
  }
  const double length = plan.duration_seconds - plan.warm_up_seconds;
  size_t count = words.snapshots.value_or(kSnapshots);
  if (!words.every.empty()) {
    if (words.snapshots) return Error{"--every and --snapshots exclude each other"};
    const Result<double> every = seconds_of(words.every, "--every");
    if (!every) return every.error();
    if (*every <= 0) return Error{"--every must be above zero"};
    if (length / *every >= static_cast<double>(kMostSnapshots)) {
      return Error{"--every " + in_quotes(words.every) + " makes too many snapshots"};
    }
    plan.interval_seconds = *every;
    count = static_cast<size_t>(length / *every + 1e-6) + 1;
  } else {
    if (count > kMostSnapshots) return Error{"--snapshots: too many"};
    if (count >= 2) plan.interval_seconds = length / static_cast<double>(count - 1);
  }
  if (count < kFewestSnapshots) return too_few(count);
  for (size_t i = 0; i < count; ++i) {
    plan.snapshot_seconds.push_back(plan.warm_up_seconds +
                                    static_cast<double>(i) * plan.interval_seconds);
  }
  return plan;
}

}  // namespace silt::soak
