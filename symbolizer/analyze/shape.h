// SPDX-License-Identifier: Apache-2.0
//
// The shapes of healthy memory, and that of one container which doubles for ever: looked for in the
// live bytes alone, over all regular snapshots, since a sawtooth may be finer than the moments.

#ifndef SILT_SYMBOLIZER_ANALYZE_SHAPE_H_
#define SILT_SYMBOLIZER_ANALYZE_SHAPE_H_

#include <cstddef>
#include <vector>

#include "symbolizer/analyze/series.h"

namespace silt::analyze {

struct Levels {
  double first = 0;
  double last = 0;
  double low = 0;
  double peak = 0;
};
Levels levels_of(const std::vector<double>& values);

// The values at the regular snapshots; at the moments.
std::vector<double> at_regular(const Timeline& timeline, const std::vector<double>& values);
std::vector<double> at_moments(const Timeline& timeline, const std::vector<double>& values);

// Rises that ended in a release of at least half of what had been gathered.
struct Releases {
  size_t count = 0;
  double largest = 0;          // bytes released at once
  size_t last = 0;             // index of the value after the last one
  std::vector<double> floors;  // values after each
  bool rises_after = false;    // it rises again after the last one
};
Releases find_releases(const std::vector<double>& values, double floor);

// Few blocks whose size jumps by a factor now and then: a vector or hash table that is filled at a
// steady pace doubles at times that double too. It goes on for ever as long as the time since the
// last jump is shorter than that pace predicts; a table that has found its size is overdue.
struct Jumps {
  size_t count = 0;
  double factor = 1;     // typical ratio of the sizes after and before a jump
  bool overdue = false;  // the next one should have come by now
  bool falls = false;    // it also shrinks
};
Jumps find_jumps(const std::vector<double>& seconds, const std::vector<double>& values);

}  // namespace silt::analyze

#endif  // SILT_SYMBOLIZER_ANALYZE_SHAPE_H_
