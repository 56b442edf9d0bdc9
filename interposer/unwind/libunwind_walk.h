// SPDX-License-Identifier: Apache-2.0
//
// libunwind's own walk: the slow path, and the reference in tests. Hook context.

#ifndef SILT_INTERPOSER_UNWIND_LIBUNWIND_WALK_H_
#define SILT_INTERPOSER_UNWIND_LIBUNWIND_WALK_H_

#include <cstddef>
#include <cstdint>

#include "interposer/base/arch.h"
#include "interposer/unwind/frame_rule.h"

namespace silt::unwind {

// libunwind's walk from `registers` (inside silt's own code), reporting the frames from the first
// one whose stack pointer is at least `first_sp`. Returns the number of frames stored, at most
// `capacity`. `*complete` tells whether the outermost frame was reached: where libunwind meets a pc
// without unwind information it stops, and that frame is the last one stored. Takes derive_lock.
size_t walk_with_libunwind(const arch::Registers& registers, uint64_t first_sp, Frame* frames,
                           size_t capacity, bool* complete);

}  // namespace silt::unwind

#endif  // SILT_INTERPOSER_UNWIND_LIBUNWIND_WALK_H_
