// SPDX-License-Identifier: Apache-2.0
//
// Escapes by byte; UTF-8 passes through, except C1 control characters, which terminals obey.

#include "symbolizer/base/quote.h"

namespace silt {
namespace {

void append_escaped(std::string& out, unsigned char byte) {
  constexpr char kDigits[] = "0123456789abcdef";
  out += "\\x";
  out += kDigits[byte >> 4];
  out += kDigits[byte & 15];
}

// Appends text[i], and what belongs to it; returns the index of the last byte of that.
size_t append_printable(std::string& out, std::string_view text, size_t i) {
  const auto byte = static_cast<unsigned char>(text[i]);
  const bool c1 = byte == 0xc2 && i + 1 < text.size() &&
                  (static_cast<unsigned char>(text[i + 1]) & 0xe0) == 0x80;
  if (c1) {
    append_escaped(out, byte);
    append_escaped(out, static_cast<unsigned char>(text[++i]));
  } else if (byte < 0x20 || byte == 0x7f) {
    append_escaped(out, byte);
  } else {
    out += text[i];
  }
  return i;
}

}  // namespace

std::string one_line(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) i = append_printable(out, text, i);
  return out;
}

std::string some_lines(std::string_view text) {
  std::string out;
  for (;;) {
    const size_t end = text.find('\n');
    out += one_line(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    out += '\n';
    text.remove_prefix(end + 1);
  }
}

std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') out += '\\';
    i = append_printable(out, text, i);
  }
  return out += '\'';
}

}  // namespace silt
