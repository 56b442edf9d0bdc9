// SPDX-License-Identifier: Apache-2.0
//
// Functions whose frames are of every kind that compilers make, compiled with and without frame
// pointers: each calls a random further one until the depth is reached, then the visitor.

#ifndef SILT_TEST_INTERPOSER_UNWIND_REAL_FRAMES_H_
#define SILT_TEST_INTERPOSER_UNWIND_REAL_FRAMES_H_

#include <cstdint>

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
