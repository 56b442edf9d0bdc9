// SPDX-License-Identifier: Apache-2.0
//
// What native memory of a Node.js process is for.

#ifndef SILT_SYMBOLIZER_RUNTIME_NODEJS_NATIVE_MEMORY_H_
#define SILT_SYMBOLIZER_RUNTIME_NODEJS_NATIVE_MEMORY_H_

#include <string>

#include "symbolizer/report/findings/fold.h"

namespace silt::runtime::nodejs {

inline constexpr const char* kBuffers = "Buffers";

// What native memory is for, as its stack tells: "Buffers", "zlib", "TLS", the name of an addon,
// "thread pool", or "".
std::string what_it_is(const read::Recording& recording, const read::Stack& stack,
                       const report::NodeFrames& names);
bool is_pool_memory(const std::string& what);

}  // namespace silt::runtime::nodejs

#endif  // SILT_SYMBOLIZER_RUNTIME_NODEJS_NATIVE_MEMORY_H_
