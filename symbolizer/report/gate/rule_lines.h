// SPDX-License-Identifier: Apache-2.0
//
// The gate's files, policy, suppressions and baseline, are lines of text; what reading each of them
// needs, and how a mistake names its line.

#ifndef SILT_SYMBOLIZER_REPORT_GATE_RULE_LINES_H_
#define SILT_SYMBOLIZER_REPORT_GATE_RULE_LINES_H_

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "symbolizer/base/result.h"

namespace silt::report {

// Without white space at either end.
std::string_view trimmed(std::string_view text);

// "line 7: WHY"
Error wrong_line(size_t number, const std::string& why);

// Calls `each` with the number, from 1, and trimmed text of every line; stops at the first error.
template <typename Each>
std::optional<Error> for_lines(std::string_view text, const Each& each) {
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (std::optional<Error> error = each(number, line)) return error;
  }
  return std::nullopt;
}

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_GATE_RULE_LINES_H_
