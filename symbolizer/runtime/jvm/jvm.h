// SPDX-License-Identifier: Apache-2.0
//
// The Java virtual machine: its own books are no finding, the code that it has compiled is named by
// its maps like any other, and its heap by samples.

#ifndef SILT_SYMBOLIZER_RUNTIME_JVM_JVM_H_
#define SILT_SYMBOLIZER_RUNTIME_JVM_JVM_H_

#include "symbolizer/report/runtime.h"

namespace silt::runtime {

extern const report::Runtime kJvm;

}  // namespace silt::runtime

#endif  // SILT_SYMBOLIZER_RUNTIME_JVM_JVM_H_
