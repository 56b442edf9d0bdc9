// SPDX-License-Identifier: Apache-2.0
//
// Which snapshots a picture is made of. A verdict needs the whole time in view, and a picture must
// be there within a moment, so of many snapshots some stand for all.

#ifndef SILT_SYMBOLIZER_TOP_CHOSEN_H_
#define SILT_SYMBOLIZER_TOP_CHOSEN_H_

#include <cstddef>
#include <vector>

namespace silt::top {

// Indexes into `count` snapshots, ascending: every n-th from the first, and the last two, which the
// pace of now is told by. n is the least power of two with which no more than `most` (3 at least)
// are chosen besides those two; so what was once left out is never wanted again.
std::vector<size_t> chosen_of(size_t count, size_t most);

}  // namespace silt::top

#endif  // SILT_SYMBOLIZER_TOP_CHOSEN_H_
