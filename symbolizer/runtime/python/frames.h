// SPDX-License-Identifier: Apache-2.0
//
// What is particular about frames of Python: which of them are the program's own code, and which
// belong to the standard library or to packages that somebody else has written.

#ifndef SILT_SYMBOLIZER_RUNTIME_PYTHON_FRAMES_H_
#define SILT_SYMBOLIZER_RUNTIME_PYTHON_FRAMES_H_

#include "symbolizer/symbolize/frame_list.h"

namespace silt::runtime::python {

// Whether any frame is Python's.
bool stands_in(const symbolize::FrameList& frames);

// Whether a frame of Python is the user's own code.
bool owns(const symbolize::Frame& frame);

}  // namespace silt::runtime::python

#endif  // SILT_SYMBOLIZER_RUNTIME_PYTHON_FRAMES_H_
