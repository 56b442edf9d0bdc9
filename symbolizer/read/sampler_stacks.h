// SPDX-License-Identifier: Apache-2.0
//
// Blocks of the profiler of a managed heap, one for each object that it has sampled, are no memory
// of the program's; what they tell is where in the machine code their object was made.

#ifndef SILT_SYMBOLIZER_READ_SAMPLER_STACKS_H_
#define SILT_SYMBOLIZER_READ_SAMPLER_STACKS_H_

#include <cstdint>

#include "symbolizer/read/recording.h"

namespace silt::read {

// Moves the stacks that have a return address behind `start` and up to `end`, within a few calls,
// from Recording::stacks to sampler_stacks. `in_totals`: the snapshots' figures have them in, and
// are made smaller by what they hold.
void take_sampler_stacks(Recording& recording, uint64_t start, uint64_t end, bool in_totals);

}  // namespace silt::read

#endif  // SILT_SYMBOLIZER_READ_SAMPLER_STACKS_H_
