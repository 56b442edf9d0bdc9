// SPDX-License-Identifier: Apache-2.0
//
// When a soak does what: pure arithmetic over the times a user gave, so that mistakes are told
// before anything is started.

#ifndef SILT_SYMBOLIZER_SOAK_PLAN_H_
#define SILT_SYMBOLIZER_SOAK_PLAN_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "symbolizer/base/result.h"

namespace silt::soak {

// As written on the command line; empty: the default.
struct PlanWords {
  std::string duration = "2m";
  std::string warm_up;  // default: a fifth of the duration, at most two minutes
  std::string every;
  std::optional<size_t> snapshots;
};

// Seconds count from the beginning of the load.
struct Plan {
  double duration_seconds = 0;
  double warm_up_seconds = 0;
  double interval_seconds = 0;
  std::vector<double> snapshot_seconds;  // ascending, the first when the warm-up is over
};

// A verdict needs this many snapshots.
inline constexpr size_t kFewestSnapshots = 4;

Result<Plan> make_plan(const PlanWords& words);

// A word like "30s" in seconds; the error names the option.
Result<double> seconds_of(const std::string& word, const char* option);

}  // namespace silt::soak

#endif  // SILT_SYMBOLIZER_SOAK_PLAN_H_
