// SPDX-License-Identifier: Apache-2.0
//
// What the names in a JIT map mean: V8, Python's perf trampolines, and whatever else.

#ifndef SILT_SYMBOLIZER_SYMBOLIZE_JIT_NAME_H_
#define SILT_SYMBOLIZER_SYMBOLIZE_JIT_NAME_H_

#include <string>
#include <string_view>

#include "symbolizer/symbolize/symbolizer.h"

namespace silt::symbolize {

// Function, file, line, column and kind of an entry; module and addresses are left alone. V8's
// marks of compilation tiers (~ ^ + *) are dropped: interpreted and optimized code of a function
// has one name. The line is where the function begins: maps know no better.
Frame parse_jit_name(std::string_view name);

// Whether it is an entry of V8's for code that it interprets, and whether one of a function's own
// code alone, into which nothing is inlined.
bool is_interpreted(std::string_view name);
bool is_one_function(std::string_view name);

// `file:///my%20app/x.js` -> `/my app/x.js`; anything else stays.
std::string path_of_url(std::string_view file);

}  // namespace silt::symbolize

#endif  // SILT_SYMBOLIZER_SYMBOLIZE_JIT_NAME_H_
