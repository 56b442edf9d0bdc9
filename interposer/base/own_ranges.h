// SPDX-License-Identifier: Apache-2.0
//
// Which parts of the address space are there only because of silt: its tables, its library, and
// the libraries that it loaded. For what a program does to all of its memory at once, which must
// come out as it would without them. Normal context, but where it says otherwise.

#ifndef SILT_INTERPOSER_BASE_OWN_RANGES_H_
#define SILT_INTERPOSER_BASE_OWN_RANGES_H_

#include <cstddef>
#include <cstdint>

#include "interposer/base/memory.h"

namespace silt::base {

struct Range {
  uint64_t start;
  uint64_t end;  // both page-aligned
};

// Whether the address is this library's: whatever was allocated below its code is silt's. Any
// context.
bool in_this_library(uint64_t address);

// Around a dlopen of silt's own: what is loaded between the two is silt's.
void begin_own_modules();
void end_own_modules();

inline constexpr size_t kMostOwnModules = 8;
inline constexpr size_t kMostOwnRanges = kMappedRanges + kMostOwnModules + 1;

// Ascending; returns how many there are. `ranges` has room for kMostOwnRanges.
size_t own_ranges(Range* ranges);

}  // namespace silt::base

#endif  // SILT_INTERPOSER_BASE_OWN_RANGES_H_
