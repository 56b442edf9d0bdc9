// SPDX-License-Identifier: Apache-2.0
//
// The jumps by which a handler may leave a hook that it interrupted. They are async-signal-safe,
// and so is this. Any context.

#include <setjmp.h>

#include "interposer/base/arch.h"
#include "interposer/base/attributes.h"
#include "interposer/hook/guard.h"
#include "interposer/hook/real.h"

using silt::hook::real;

namespace {

// The stack pointer with which the jump ends.
uint64_t target_of(const jmp_buf buffer) {
#ifdef __GLIBC__
  return silt::arch::jump_target(buffer);
#else
  return silt::arch::musl_jump_target(buffer);
#endif
}

}  // namespace

extern "C" {

SILT_EXPORT __attribute__((noreturn)) void longjmp(jmp_buf buffer, int value) {
  if (real.longjmp == nullptr) [[unlikely]]
    silt::hook::resolve_real_functions();
  silt::hook::unmark_when_jumped_over(target_of(buffer));
  real.longjmp(buffer, value);
  __builtin_unreachable();
}
SILT_EXPORT __attribute__((noreturn, nothrow, alias("longjmp"))) void _longjmp(jmp_buf, int);
SILT_EXPORT __attribute__((noreturn, nothrow, alias("longjmp"))) void siglongjmp(sigjmp_buf, int);

// What the others are with _FORTIFY_SOURCE.
SILT_EXPORT __attribute__((noreturn)) void __longjmp_chk(jmp_buf buffer, int value) {
  if (real.longjmp_checked == nullptr) [[unlikely]]
    silt::hook::resolve_real_functions();
  silt::hook::unmark_when_jumped_over(target_of(buffer));
  real.longjmp_checked(buffer, value);
  __builtin_unreachable();
}

}  // extern "C"
