// SPDX-License-Identifier: Apache-2.0
//
// What is behind a row: why it has its verdict, its curve, what its memory is and who keeps it, and
// its stacks with all their frames.

#ifndef SILT_SYMBOLIZER_TOP_INSIDE_H_
#define SILT_SYMBOLIZER_TOP_INSIDE_H_

#include <cstddef>

#include "symbolizer/top/paint.h"
#include "symbolizer/top/picture.h"
#include "symbolizer/top/view.h"

namespace silt::top {

// So many lines at most, from the one that the view has scrolled to.
void add_inside(Lines& lines, const Picture& picture, View& view, size_t room);

}  // namespace silt::top

#endif  // SILT_SYMBOLIZER_TOP_INSIDE_H_
