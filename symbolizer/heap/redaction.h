// SPDX-License-Identifier: Apache-2.0
//
// Leaves out of a heap snapshot what a program's strings say. Names stay: those of properties,
// variables, functions, classes and files; the graph and all sizes are as they were. A text that is
// both a name and a value is a name.

#ifndef SILT_SYMBOLIZER_HEAP_REDACTION_H_
#define SILT_SYMBOLIZER_HEAP_REDACTION_H_

#include <functional>
#include <optional>
#include <string_view>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/result.h"

namespace silt::heap {

// `write` gets the new file piece by piece, and returns whether to go on.
std::optional<Error> redact_heap_snapshot(const ByteSource& source,
                                          const std::function<bool(std::string_view)>& write);

}  // namespace silt::heap

#endif  // SILT_SYMBOLIZER_HEAP_REDACTION_H_
