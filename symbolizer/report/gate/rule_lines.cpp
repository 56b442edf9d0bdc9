// SPDX-License-Identifier: Apache-2.0
//
// Lines of the gate's files; see the header.

#include "symbolizer/report/gate/rule_lines.h"

#include <cctype>

namespace silt::report {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())))
    text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())))
    text.remove_suffix(1);
  return text;
}

Error wrong_line(size_t number, const std::string& why) {
  return Error{"line " + std::to_string(number) + ": " + why};
}

}  // namespace silt::report
