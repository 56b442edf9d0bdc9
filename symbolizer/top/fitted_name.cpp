// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/top/fitted_name.h"

#include <algorithm>

#include "symbolizer/base/columns.h"
#include "symbolizer/render/escape.h"

namespace silt::top {
namespace {

// Where the next part of a qualified name begins: after "::" or ".", outside of brackets; npos:
// there is no further part. A dot ends the name where a space follows, as in a sentence.
size_t next_part(std::string_view name, size_t from) {
  int depth = 0;
  for (size_t i = from; i + 1 < name.size(); ++i) {
    const char c = name[i];
    if (c == '<' || c == '(' || c == '[' || c == '{') ++depth;
    if (c == '>' || c == ')' || c == ']' || c == '}') depth = std::max(0, depth - 1);
    if (c == ' ' && depth == 0) return std::string_view::npos;
    if (depth > 0) continue;
    if (c == ':' && name[i + 1] == ':' && i > from) return i + 2;
    if (c == '.' && i > from && name[i + 1] != '.' && name[i + 1] != ' ') return i + 1;
  }
  return std::string_view::npos;
}

}  // namespace

std::string fitted_name(std::string_view name, size_t width) {
  if (columns(name) <= width) return std::string(name);
  size_t begin = 0;
  for (;;) {
    const size_t next = next_part(name, begin);
    if (next == std::string_view::npos || next >= name.size()) break;
    begin = next;
    const std::string_view rest = name.substr(begin);
    if (columns(rest) + 1 <= width) return "…" + std::string(rest);
  }
  return render::shortened(begin > 0 ? "…" + std::string(name.substr(begin)) : std::string(name),
                           width);
}

}  // namespace silt::top
