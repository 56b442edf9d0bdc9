// SPDX-License-Identifier: Apache-2.0
//
// CPython: its functions stand in stacks, and its objects are counted one by one.

#ifndef SILT_SYMBOLIZER_RUNTIME_PYTHON_PYTHON_H_
#define SILT_SYMBOLIZER_RUNTIME_PYTHON_PYTHON_H_

#include "symbolizer/report/runtime.h"

namespace silt::runtime {

extern const report::Runtime kPython;

}  // namespace silt::runtime

#endif  // SILT_SYMBOLIZER_RUNTIME_PYTHON_PYTHON_H_
