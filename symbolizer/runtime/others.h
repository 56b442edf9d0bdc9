// SPDX-License-Identifier: Apache-2.0
//
// Interpreters that silt does not join: the report says which one it is, that its functions are not
// named, and how its allocator is opened so that at least its blocks are seen one by one.

#ifndef SILT_SYMBOLIZER_RUNTIME_OTHERS_H_
#define SILT_SYMBOLIZER_RUNTIME_OTHERS_H_

#include <string>
#include <vector>

#include "symbolizer/read/recording.h"

namespace silt::runtime {

std::vector<std::string> other_runtimes(const read::Recording& recording);

}  // namespace silt::runtime

#endif  // SILT_SYMBOLIZER_RUNTIME_OTHERS_H_
