// SPDX-License-Identifier: Apache-2.0
//
// Compilers put code of a function that is rarely run, such as the handling of errors, into a part
// of its own that has no symbol in a stripped program. It is found by three signs together: the
// function jumps there; the part has unwind information of its own; and by that, its very first
// instruction stands in a frame as large as the function's, where any other function begins with
// none. Hook context.

#ifndef SILT_INTERPOSER_RUNTIME_COLD_PART_H_
#define SILT_INTERPOSER_RUNTIME_COLD_PART_H_

#include <cstdint>

#include "interposer/base/symbol_search.h"

namespace silt::runtime {

struct CodeRange {
  uint64_t begin = 0;
  uint64_t end = 0;
};

// Of the function, whose frames have this size, from the stack pointer to the caller's; empty when
// there is none or its object has no usual table of unwind information.
CodeRange find_cold_part(const base::Symbol& function, int64_t frame_bytes);

}  // namespace silt::runtime

#endif  // SILT_INTERPOSER_RUNTIME_COLD_PART_H_
