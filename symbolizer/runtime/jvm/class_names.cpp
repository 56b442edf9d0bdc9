// SPDX-License-Identifier: Apache-2.0
//
// See the header. The letters are those of the Java Virtual Machine Specification, 4.3.2.

#include "symbolizer/runtime/jvm/class_names.h"

#include <array>
#include <utility>

namespace silt::runtime::jvm {

std::string class_name(std::string_view name) {
  constexpr std::array<std::pair<char, std::string_view>, 8> kNumbers = {{{'B', "byte"},
                                                                          {'C', "char"},
                                                                          {'D', "double"},
                                                                          {'F', "float"},
                                                                          {'I', "int"},
                                                                          {'J', "long"},
                                                                          {'S', "short"},
                                                                          {'Z', "boolean"}}};
  const size_t depth = std::min(name.find_first_not_of('['), name.size());
  std::string_view element = name.substr(depth);
  if (depth == 0 || element.empty()) return std::string(name);
  if (element.starts_with('L') && element.ends_with(';')) {
    element = element.substr(1, element.size() - 2);
  } else if (element.size() == 1) {
    for (const auto& [letter, word] : kNumbers) {
      if (element.front() == letter) {
        element = word;
        break;
      }
    }
  }
  std::string text(element);
  for (size_t i = 0; i < depth; ++i) text += "[]";
  return text;
}

}  // namespace silt::runtime::jvm
