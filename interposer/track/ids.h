// SPDX-License-Identifier: Apache-2.0
//
// The ids of the stack table (stack_table.h). They are valid in this process only; a snapshot
// numbers nodes anew. Any context.

#ifndef SILT_INTERPOSER_TRACK_IDS_H_
#define SILT_INTERPOSER_TRACK_IDS_H_

#include <cstdint>

namespace silt::track {

using NodeId = uint32_t;   // 0: the root
using StackId = uint32_t;  // a stack's innermost node; 0: none

// Ids fit the 24 bits that a live block's cell has for them.
inline constexpr uint32_t kStackIdBits = 24;
inline constexpr uint32_t kMaximumNodes = uint32_t{1} << kStackIdBits;

// The stack of allocations whose own stack did not fit; made first.
inline constexpr StackId kOverflowStack = 1;

}  // namespace silt::track

#endif  // SILT_INTERPOSER_TRACK_IDS_H_
