// SPDX-License-Identifier: Apache-2.0
//
// What has to be known of glibc's threads: where the stack of one ends and its thread-local
// variables begin, and how far it is in use. In the copy of the process.

#ifndef SILT_INTERPOSER_OWNERS_THREAD_STACK_H_
#define SILT_INTERPOSER_OWNERS_THREAD_STACK_H_

#include <cstdint>

#include "interposer/base/own_ranges.h"

namespace silt::owners {

// What alignment may take between the thread-local variables of modules. glibc leaves 1.6 KB below
// them for modules that come later, so that a stack does not begin there yet.
inline constexpr uint64_t kSpareTlsBytes = 512;

// Where a thread of the process stands that waits in the kernel just now; zeros: it runs, or the
// kernel does not tell.
struct Standing {
  uint64_t stack_pointer = 0;
  uint64_t pc = 0;
};
Standing standing_of(int32_t process, int32_t thread);

// Vector registers that the kernel has saved on a stack for the time of a signal's handler: found
// by its two marks, between `begin` and `end`. They are hardly ever the only place of a pointer,
// but full of what was moved last; a new thread even begins with those of the one that made it.
bool find_vector_registers(uint64_t begin, uint64_t end, base::Range* found);

}  // namespace silt::owners

#endif  // SILT_INTERPOSER_OWNERS_THREAD_STACK_H_
