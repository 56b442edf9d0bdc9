// SPDX-License-Identifier: Apache-2.0
//
// Containers: blocks that grow rather than multiply, mostly in a few large steps.

#ifndef SILT_SYMBOLIZER_ANALYZE_CONTAINER_H_
#define SILT_SYMBOLIZER_ANALYZE_CONTAINER_H_

#include "symbolizer/analyze/evidence.h"

namespace silt::analyze {

// False, with the judgement's verdict as it was, when this is no container that grows.
bool judge_container(const Evidence& evidence, Judgement& judgement);

}  // namespace silt::analyze

#endif  // SILT_SYMBOLIZER_ANALYZE_CONTAINER_H_
