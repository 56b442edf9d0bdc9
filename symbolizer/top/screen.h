// SPDX-License-Identifier: Apache-2.0
//
// A picture of `silt top` as lines of a screen: figures of the whole at the head, a row for each
// finding, and what the keys do. No terminal and no clock, so tests can look at it.

#ifndef SILT_SYMBOLIZER_TOP_SCREEN_H_
#define SILT_SYMBOLIZER_TOP_SCREEN_H_

#include <string>
#include <vector>

#include "symbolizer/top/picture.h"
#include "symbolizer/top/view.h"

namespace silt::top {

// At most `view.height` lines, none wider than `view.width`. Scrolling beyond the end is mended in
// the view, so that the next key counts from what was seen.
std::vector<std::string> lines_of(const Picture& picture, View& view);

}  // namespace silt::top

#endif  // SILT_SYMBOLIZER_TOP_SCREEN_H_
