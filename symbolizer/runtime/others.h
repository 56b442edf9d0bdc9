// SPDX-License-Identifier: Apache-2.0
//
// Interpreters that silt does not join: the report says which one it is, that its functions are not
// named, and how its allocator is opened so that at least its blocks are seen one by one.

#ifndef SILT_SYMBOLIZER_RUNTIME_OTHERS_H_
#define SILT_SYMBOLIZER_RUNTIME_OTHERS_H_

#include "symbolizer/report/runtime.h"

namespace silt::runtime {

extern const report::Runtime kOthers;

}  // namespace silt::runtime

#endif  // SILT_SYMBOLIZER_RUNTIME_OTHERS_H_
