// SPDX-License-Identifier: Apache-2.0
//
// PHP: its functions stand in stacks. What it allocates is native memory.

#ifndef SILT_SYMBOLIZER_RUNTIME_PHP_PHP_H_
#define SILT_SYMBOLIZER_RUNTIME_PHP_PHP_H_

#include "symbolizer/report/runtime.h"

namespace silt::runtime {

extern const report::Runtime kPhp;

}  // namespace silt::runtime

#endif  // SILT_SYMBOLIZER_RUNTIME_PHP_PHP_H_
