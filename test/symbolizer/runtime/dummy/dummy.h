// SPDX-License-Identifier: Apache-2.0
//
// A runtime that exists only here: all that the tool would have to know of another language. It
// uses every kind of member of report::Runtime, so that what no real runtime needs yet works too.

#ifndef SILT_TEST_SYMBOLIZER_RUNTIME_DUMMY_DUMMY_H_
#define SILT_TEST_SYMBOLIZER_RUNTIME_DUMMY_DUMMY_H_

#include "symbolizer/report/runtime.h"

namespace silt::test {

// No kind of the tool's own: a kind of frames is a number to everything but its runtime.
inline constexpr auto kDummyFrame = static_cast<symbolize::FrameKind>(77);

extern const report::Runtime kDummy;

}  // namespace silt::test

#endif  // SILT_TEST_SYMBOLIZER_RUNTIME_DUMMY_DUMMY_H_
