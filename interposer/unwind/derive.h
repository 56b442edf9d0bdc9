// SPDX-License-Identifier: Apache-2.0
//
// Deriving frame rules with libunwind. Hook context, one thread at a time behind `derive_lock`.

#ifndef SILT_INTERPOSER_UNWIND_DERIVE_H_
#define SILT_INTERPOSER_UNWIND_DERIVE_H_

#include <cstdint>

#include "interposer/unwind/frame_rule.h"
#include "interposer/unwind/unwinder.h"

namespace silt::unwind {

// The rule for a frame whose return address is `pc`, never kUnknown. Caller holds derive_lock.
FrameRule derive_rule(uint64_t pc);

}  // namespace silt::unwind

#endif  // SILT_INTERPOSER_UNWIND_DERIVE_H_
