// SPDX-License-Identifier: Apache-2.0
//
// What a finding in a Node.js process is called.

#ifndef SILT_SYMBOLIZER_REPORT_NODE_WORDS_H_
#define SILT_SYMBOLIZER_REPORT_NODE_WORDS_H_

#include <string>

#include "symbolizer/report/fold.h"

namespace silt::report {

// What native memory is for, as its stack tells: "Buffers", "zlib", "TLS", the name of an addon,
// "thread pool", or "".
std::string what_it_is(const read::Recording& recording, const read::Stack& stack,
                       const NodeFrames& names);
bool is_pool_memory(const std::string& what);
// How to learn who keeps objects, and what that costs with this heap; for reports with JavaScript
// findings.
std::string heap_snapshot_note(double heap_used_bytes);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_NODE_WORDS_H_
