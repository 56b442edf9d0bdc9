// SPDX-License-Identifier: Apache-2.0
//
// A series cut into the windows between moments: what was born and stayed, what died, what
// remained.
//
// Where births are known, the windows are "aged" when that makes the picture clearer: a block
// counts from the first moment it outlives, so blocks merely in flight at a snapshot are no noise.
// The last moment's own births have not outlived anything yet and are left out then. Where blocks
// live for some windows before they go, they count from the age after which next to nothing goes.

#ifndef SILT_SYMBOLIZER_ANALYZE_WINDOWS_H_
#define SILT_SYMBOLIZER_ANALYZE_WINDOWS_H_

#include <cstddef>
#include <vector>

#include "symbolizer/analyze/series.h"

namespace silt::analyze {

struct Window {
  double seconds = 0;   // length
  double activity = 0;  // blocks the process allocated in it that did not stay
  double work = 0;      // units of work, 0 when unknown
  double turns = 0;     // windows that it stands for, 0 where they are no clock
  double born = 0;      // blocks that joined the live ones
  double died = 0;      // blocks that left them
  double bytes = 0;     // change in live bytes
  double blocks() const { return born - died; }
};

struct Windows {
  std::vector<Window> list;
  // Windows too late to be in the list, where blocks count late: the most that each comes to leave,
  // from what it shows at the last moment and what usually goes of that.
  std::vector<Window> unripe;
  bool aged = false;  // most blocks are young: they count from a later moment on
  size_t lag = 0;     // so many moments later than the first that shows them
  bool has_births = false;
  double young_share = 0;  // mean share of the live blocks that will not outlive the next moment
  // Memory from before the first moment that went in one step, without the rest: start-up scratch.
  bool scratch_released = false;
};

Windows make_windows(const Timeline& timeline, const Series& series);

}  // namespace silt::analyze

#endif  // SILT_SYMBOLIZER_ANALYZE_WINDOWS_H_
