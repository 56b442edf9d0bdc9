// SPDX-License-Identifier: Apache-2.0
//
// Before anything is read from frames at a walk, what is read from one that is running is compared
// with what the interpreter's own functions say of it. Normal context, on a thread that holds the
// interpreter's lock.

#ifndef SILT_INTERPOSER_RUNTIME_PYTHON_SELF_CHECK_H_
#define SILT_INTERPOSER_RUNTIME_PYTHON_SELF_CHECK_H_

#include <cstdint>

namespace silt::python {

enum class Checked : uint8_t {
  kRight,
  kNothingRuns,  // no Python frame to look at: later
  kWrong,
};

// *anchor: of the innermost native frame of the evaluator.
Checked check_layout(uint64_t* anchor);

}  // namespace silt::python

#endif  // SILT_INTERPOSER_RUNTIME_PYTHON_SELF_CHECK_H_
