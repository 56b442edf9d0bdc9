// SPDX-License-Identifier: Apache-2.0
//
// See stack_memory.h. Hook context.

#include "interposer/unwind/stack_memory.h"

namespace silt::unwind {

void StackMemory::forget() {
  // Every entry's checks become older than the ring; untouched pages stay untouched.
  ring_next_ += 2 * kChecks;
}

}  // namespace silt::unwind
