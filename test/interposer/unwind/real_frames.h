// SPDX-License-Identifier: Apache-2.0
//
// Functions whose frames are of every kind that compilers make, compiled with and without frame
// pointers: each calls a random further one until the depth is reached, then the visitor.

#ifndef SILT_TEST_INTERPOSER_UNWIND_REAL_FRAMES_H_
#define SILT_TEST_INTERPOSER_UNWIND_REAL_FRAMES_H_

#include <ucontext.h>

#include <cstdint>

// An instruction that is none (SIGILL), and how its handler goes on behind it.
#ifdef __aarch64__
#define SILT_TEST_FAULT "udf #0"
#define SILT_TEST_SKIP_FAULT(context) (context)->uc_mcontext.pc += 4
#else
#define SILT_TEST_FAULT "ud2"
#define SILT_TEST_SKIP_FAULT(context) (context)->uc_mcontext.gregs[REG_RIP] += 2
#endif

namespace silt::unwind::test {

struct Descent {
  uint64_t random;
  int depth;  // frames still to be entered
  void (*visit)(void* argument);
  void* argument;
  // The other build's way down, taken now and then.
  void (*other)(Descent*);
};

namespace frames_with_pointer {
void descend(Descent* descent);
}
namespace frames_without_pointer {
void descend(Descent* descent);
}

}  // namespace silt::unwind::test

#endif  // SILT_TEST_INTERPOSER_UNWIND_REAL_FRAMES_H_
