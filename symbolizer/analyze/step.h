// SPDX-License-Identifier: Apache-2.0
//
// Do two series grow in step, block for block? Parts of one leaked thing do: each request that is
// forgotten leaves its object, its two strings and its list in every window alike.

#ifndef SILT_SYMBOLIZER_ANALYZE_STEP_H_
#define SILT_SYMBOLIZER_ANALYZE_STEP_H_

#include <cstdint>

#include "symbolizer/analyze/series.h"

namespace silt::analyze {

inline constexpr double kInStepTolerance = 0.03;

// Whether the survivors of each window are, all windows alike, the same multiple of each other,
// within the tolerance (a share), or never part by more than the one thing that was being made when
// a snapshot was taken. Series without births are compared by their live blocks; sampled ones are
// in step as long as the chance of sampling explains that their proportion is not the same
// everywhere.
bool in_step(const Timeline& timeline, const Series& a, const Series& b,
             double tolerance = kInStepTolerance);

// Block for block: in every window one has the same small multiple of the other's blocks, and their
// number varies from window to window. Two leaks on every request do that as well; but when blocks
// of one also die and are replaced, and live blocks keep in step all the same, both are one thing.
// Certain is a pace whose difference never adds up to more than a few over hundreds of events.
enum class Lockstep : uint8_t { kNone, kSamePace, kCertainPace, kOneThing };
Lockstep lockstep(const Timeline& timeline, const Series& a, const Series& b);

}  // namespace silt::analyze

#endif  // SILT_SYMBOLIZER_ANALYZE_STEP_H_
