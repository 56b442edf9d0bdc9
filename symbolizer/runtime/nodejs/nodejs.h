// SPDX-License-Identifier: Apache-2.0
//
// Node.js: JavaScript heaps known by samples, native memory that goes with them, a pool of threads
// without JavaScript, and functions that V8 compiles into each other.

#ifndef SILT_SYMBOLIZER_RUNTIME_NODEJS_NODEJS_H_
#define SILT_SYMBOLIZER_RUNTIME_NODEJS_NODEJS_H_

#include "symbolizer/report/runtime.h"

namespace silt::runtime {

extern const report::Runtime kNodejs;

}  // namespace silt::runtime

#endif  // SILT_SYMBOLIZER_RUNTIME_NODEJS_NODEJS_H_
