// SPDX-License-Identifier: Apache-2.0
//
// The recorder's tree of stacks, made once for all tests of a program.

#ifndef SILT_TEST_INTERPOSER_RUNTIME_PREPARED_STACKS_H_
#define SILT_TEST_INTERPOSER_RUNTIME_PREPARED_STACKS_H_

#include "interposer/track/recorder.h"

namespace silt::test {

// False when there was no memory.
inline bool stacks_are_prepared() {
  static const bool once = track::recorder.stacks.initialize(track::kMarkerOverflow);
  return once;
}

}  // namespace silt::test

#endif  // SILT_TEST_INTERPOSER_RUNTIME_PREPARED_STACKS_H_
