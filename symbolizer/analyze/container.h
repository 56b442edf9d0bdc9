// SPDX-License-Identifier: Apache-2.0
//
// Containers: blocks that grow rather than multiply, mostly in a few large steps; and what comes to
// be full.

#ifndef SILT_SYMBOLIZER_ANALYZE_CONTAINER_H_
#define SILT_SYMBOLIZER_ANALYZE_CONTAINER_H_

#include "symbolizer/analyze/evidence.h"

namespace silt::analyze {

// False, with the judgement's verdict as it was, when this is no container that grows.
bool judge_container(const Evidence& evidence, Judgement& judgement);

// Whether `container` is a few blocks that last grew no later than `content`, many blocks that grow
// no further, became full: a container is as healthy as what it holds.
bool is_full_with(const Timeline& timeline, const Series& container, const Series& content);

// Whether `part` grows only by what the rest of `whole` gives back: since the whole became full,
// for two windows at least, it has grown by less than half as much as the part. A cache's entries
// are filled in by one caller and renewed by another.
bool is_taken_over(const Timeline& timeline, const Series& part, const Series& whole);

}  // namespace silt::analyze

#endif  // SILT_SYMBOLIZER_ANALYZE_CONTAINER_H_
