// SPDX-License-Identifier: Apache-2.0
//
// For tests and SILT_VERIFY_WALK: what all short cuts are compared with. Hook context.

#ifndef SILT_INTERPOSER_UNWIND_REFERENCE_WALK_H_
#define SILT_INTERPOSER_UNWIND_REFERENCE_WALK_H_

#include <cstddef>
#include <cstdint>

#include "interposer/unwind/frame_rule.h"

namespace silt::unwind {

// libunwind's own walk of the calling thread's stack, beginning with the frame whose sp is
// `first_sp`. Returns the number of frames stored. *complete: the outermost frame was reached, else
// libunwind stopped for want of unwind information.
size_t reference_walk(uint64_t first_sp, Frame* frames, size_t capacity, bool* complete);

}  // namespace silt::unwind

#endif  // SILT_INTERPOSER_UNWIND_REFERENCE_WALK_H_
