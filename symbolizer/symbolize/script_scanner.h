// SPDX-License-Identifier: Apache-2.0
//
// Finds the functions and lines of a script; see script_text.h.

#ifndef SILT_SYMBOLIZER_SYMBOLIZE_SCRIPT_SCANNER_H_
#define SILT_SYMBOLIZER_SYMBOLIZE_SCRIPT_SCANNER_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "symbolizer/symbolize/script_text.h"

namespace silt::symbolize {

// A character of a name or a number.
bool is_of_word(char c);

// Appends where each line begins, and the functions, without what is around them, in the order in
// which their bodies begin. Any text is safe; nesting and functions are bounded.
void scan_script(std::string_view text, std::vector<ScriptText::Function>& functions,
                 std::vector<uint32_t>& lines);

}  // namespace silt::symbolize

#endif  // SILT_SYMBOLIZER_SYMBOLIZE_SCRIPT_SCANNER_H_
