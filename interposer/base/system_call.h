// SPDX-License-Identifier: Apache-2.0
//
// System calls of silt's own. A program may have forbidden itself some of them on pain of death
// (seccomp); those are not made, and answer EPERM. And the one instruction that can be forbidden
// like a call. Any context.

#ifndef SILT_INTERPOSER_BASE_SYSTEM_CALL_H_
#define SILT_INTERPOSER_BASE_SYSTEM_CALL_H_

#include "interposer/base/arch.h"
#include "interposer/base/sandbox.h"

namespace silt::base {

// Whether an answer of the kernel is an error: -errno.
inline bool is_error(long answer) { return answer < 0 && answer > -4096; }

// Returns the kernel's answer: a value, or -errno.
SILT_ALWAYS_INLINE long system_call(long number, long a = 0, long b = 0, long c = 0, long d = 0,
                                    long e = 0, long f = 0) {
  if (sandbox.active()) [[unlikely]] {
    const long arguments[] = {a, b, c, d, e, f};
    if (!sandbox.survives(number, arguments)) return Sandbox::kRefused;
  }
  return arch::raw_syscall(number, a, b, c, d, e, f);
}

// The time stamp counter, or 0 where reading it is forbidden.
SILT_ALWAYS_INLINE uint64_t ticks() {
  return sandbox.active() && sandbox.counter_forbidden() ? 0 : arch::ticks();
}

}  // namespace silt::base

#endif  // SILT_INTERPOSER_BASE_SYSTEM_CALL_H_
