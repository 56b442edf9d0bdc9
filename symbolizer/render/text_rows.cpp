// SPDX-License-Identifier: Apache-2.0
//
// Rows of the text report; see the header.

#include "symbolizer/render/text_rows.h"

#include <algorithm>

#include "symbolizer/render/escape.h"
#include "symbolizer/report/origin.h"

namespace silt::render {
namespace {

// "216", "(-1.2": what is nothing without the unit behind it.
bool is_figure(std::string_view word) {
  const size_t begin = word.find_first_not_of("(+-");
  return begin != std::string_view::npos &&
         word.find_first_not_of("0123456789.,", begin) == std::string_view::npos;
}

}  // namespace

std::string TextRows::painted(const char* paint, const std::string& text) const {
  return options_.colour && !text.empty() ? paint + text + kReset : text;
}

void TextRows::line(const std::string& text) {
  out_ += text;
  while (!out_.empty() && out_.back() == ' ') out_.pop_back();
  out_ += '\n';
}

void TextRows::wrapped(std::string_view raw, const std::string& first, const std::string& indent,
                       const char* paint) {
  const auto put = [&](const std::string& row) { line(*paint ? painted(paint, row) : row); };
  const std::string text = clean(raw);
  std::string row = first;
  bool empty = true;
  size_t begin = 0;
  while (begin < text.size()) {
    size_t end = std::min(text.find(' ', begin), text.size());
    if (end < text.size() && is_figure(std::string_view(text).substr(begin, end - begin))) {
      end = std::min(text.find(' ', end + 1), text.size());
    }
    const std::string word = text.substr(begin, end - begin);
    begin = end + 1;
    if (word.empty()) continue;
    if (!empty && columns(row) + 1 + columns(word) > options_.width) {
      put(row);
      row = indent;
      empty = true;
    }
    if (!empty) row += ' ';
    const size_t room = options_.width > columns(row) ? options_.width - columns(row) : 1;
    row += options_.full ? word : shortened(word, room);
    empty = false;
  }
  put(row);
}

std::string TextRows::two_sides(const std::string& indent, std::string left,
                                std::string right) const {
  const size_t room = options_.width - std::min(options_.width, columns(indent));
  if (options_.full) return indent + left + (right.empty() ? "" : "  " + right);
  if (columns(left) + 2 + columns(right) > room) {
    const size_t beside = room > columns(left) + 2 ? room - columns(left) - 2 : 0;
    const size_t least = columns(bare_file(right));
    right = place_within(right, std::max(beside, std::min(least, room * 2 / 3)));
    left = shortened(left, room > columns(right) + 2 ? room - columns(right) - 2 : 1);
  }
  if (right.empty()) return indent + left;
  const size_t used = columns(left) + columns(right);
  const size_t gap = room > used + 2 ? room - used : 2;
  return indent + left + std::string(gap, ' ') + right;
}

std::string bare_file(const std::string& place) { return std::string(report::base_name(place)); }

std::string place_within(const std::string& place, size_t width) {
  for (size_t at = 0; at < place.size();) {
    if (columns(place) - columns(std::string_view(place).substr(0, at)) <= width) {
      return place.substr(at);
    }
    const size_t slash = place.find('/', at);
    if (slash == std::string::npos || slash + 1 == place.size()) break;
    at = slash + 1;
  }
  return shortened_front(bare_file(place), width);
}

}  // namespace silt::render
