// SPDX-License-Identifier: Apache-2.0
//
// See reference_walk.h.

#include "interposer/unwind/reference_walk.h"

#include "interposer/base/arch.h"
#include "interposer/base/attributes.h"
#include "interposer/unwind/libunwind_walk.h"

namespace silt::unwind {

SILT_COLD size_t reference_walk(uint64_t first_sp, Frame* frames, size_t capacity, bool* complete) {
  arch::Registers registers;
  arch::capture(&registers);
  return walk_with_libunwind(registers, first_sp, frames, capacity, complete);
}

}  // namespace silt::unwind
