// SPDX-License-Identifier: Apache-2.0
//
// The widths and boundaries are utf8proc's, which follows Unicode. Nearly all that is measured is
// ASCII, where a byte is a column.

#include "symbolizer/base/columns.h"

#include <utf8proc.h>

#include <algorithm>
#include <vector>

namespace silt {
namespace {

struct Cluster {
  size_t begin;  // bytes
  size_t columns;
};

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// What a reader takes for one character: an "é" of two code points, a flag of two letters.
std::vector<Cluster> clusters(std::string_view text) {
  std::vector<Cluster> result;
  utf8proc_int32_t before = -1, state = 0;
  for (size_t at = 0; at < text.size();) {
    utf8proc_int32_t code = -1;
    utf8proc_ssize_t length =
        utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at),
                         static_cast<utf8proc_ssize_t>(text.size() - at), &code);
    size_t width = 1;
    if (length <= 0) {
      length = 1;
      code = -1;
    } else {
      const bool is_control = utf8proc_category(code) == UTF8PROC_CATEGORY_CC;
      width = is_control ? 1 : static_cast<size_t>(std::max(0, utf8proc_charwidth(code)));
    }
    if (before < 0 || code < 0 || utf8proc_grapheme_break_stateful(before, code, &state)) {
      if (before < 0 || code < 0) state = 0;
      result.push_back({at, width});
    } else {
      result.back().columns = std::max(result.back().columns, width);
    }
    before = code;
    at += static_cast<size_t>(length);
  }
  return result;
}

}  // namespace

size_t columns(std::string_view text) {
  if (is_ascii(text)) return text.size();
  size_t count = 0;
  for (const Cluster& cluster : clusters(text)) count += cluster.columns;
  return count;
}

std::string_view first_columns(std::string_view text, size_t width) {
  if (is_ascii(text)) return text.substr(0, width);
  size_t used = 0;
  for (const Cluster& cluster : clusters(text)) {
    if (used + cluster.columns > width) return text.substr(0, cluster.begin);
    used += cluster.columns;
  }
  return text;
}

std::string_view last_columns(std::string_view text, size_t width) {
  if (is_ascii(text)) return text.substr(text.size() - std::min(text.size(), width));
  const std::vector<Cluster> all = clusters(text);
  size_t begin = text.size(), used = 0;
  for (size_t i = all.size(); i-- > 0;) {
    if (used + all[i].columns > width) break;
    used += all[i].columns;
    begin = all[i].begin;
  }
  return text.substr(begin);
}

}  // namespace silt
