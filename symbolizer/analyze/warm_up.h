// SPDX-License-Identifier: Apache-2.0
//
// Where a trend begins: windows before anything happened, and those of a warm-up.

#ifndef SILT_SYMBOLIZER_ANALYZE_WARM_UP_H_
#define SILT_SYMBOLIZER_ANALYZE_WARM_UP_H_

#include <cstddef>
#include <span>

#include "symbolizer/analyze/trend.h"

namespace silt::analyze {

// Fewer blocks than this are no trend, whatever their spread.
inline constexpr double kFewestEvents = 5;

// Windows before the first birth: what is switched on late is judged from then on.
size_t find_onset(std::span<const Step> steps);

// Windows of warm-up at the start, half of all at most; three others are left.
size_t find_warm_up(std::span<const Step> steps, double events_per_unit);

}  // namespace silt::analyze

#endif  // SILT_SYMBOLIZER_ANALYZE_WARM_UP_H_
