// SPDX-License-Identifier: Apache-2.0
//
// Escaping; see the header.

#include "symbolizer/render/escape.h"

#include <array>
#include <cstdint>
#include <cstdio>

namespace silt::render {
namespace {

struct CodePoint {
  uint32_t value = 0;
  size_t length = 0;  // bytes, 0: not valid UTF-8
};

CodePoint decode(std::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return {};
  uint32_t value = lead & (0xffu >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    value = value << 6 | (byte(i) & 0x3fu);
  }
  constexpr std::array<uint32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kLeast[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return {};
  return {value, length};
}

bool turns_direction_or_hides(uint32_t c) {
  return (c >= 0x80 && c < 0xa0) || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
         c == 0xfffe || c == 0xffff || (c >= 0xe0000 && c <= 0xe007f);
}

std::string printed(const char* format, uint32_t value) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

std::string replaced(std::string_view text, std::string_view signs, std::string_view before) {
  std::string result;
  for (const char c : text) {
    if (signs.find(c) != std::string_view::npos) result += before;
    result += c;
  }
  return result;
}

std::string percent_escaped(std::string_view text, std::string_view signs) {
  std::string result;
  for (const char c : text) {
    if (signs.find(c) != std::string_view::npos) {
      result += printed("%%%02X", static_cast<uint8_t>(c));
    } else {
      result += c;
    }
  }
  return result;
}

}  // namespace

std::string clean(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const CodePoint c = decode(text);
    if (c.length == 0) {
      result += printed("\\x%02x", static_cast<uint8_t>(text[0]));
      text.remove_prefix(1);
      continue;
    }
    if (c.value < 0x20 || c.value == 0x7f || (c.value == '[' && result.ends_with("##"))) {
      result += printed("\\x%02x", c.value);
    } else if (turns_direction_or_hides(c.value)) {
      result += printed("\\u{%x}", c.value);
    } else {
      result += text.substr(0, c.length);
    }
    text.remove_prefix(c.length);
  }
  return result;
}

std::string clean_line(std::string_view text) {
  std::string result = clean(text);
  const size_t begin = std::min(result.find_first_not_of(' '), result.size());
  if (result.compare(begin, 2, "::") == 0) result.replace(begin, 1, "\\x3a");
  return result;
}

std::string json_text(std::string_view json) {
  std::string result;
  result.reserve(json.size());
  while (!json.empty()) {
    const CodePoint c = decode(json);
    const size_t length = std::max<size_t>(c.length, 1);
    if (c.value == 0x7f || turns_direction_or_hides(c.value)) {
      if (c.value > 0xffff) {
        result += printed("\\u%04x", 0xd7c0 + (c.value >> 10));
        result += printed("\\u%04x", 0xdc00 + (c.value & 0x3ff));
      } else {
        result += printed("\\u%04x", c.value);
      }
    } else {
      result += json.substr(0, length);
    }
    json.remove_prefix(length);
  }
  return result;
}

std::string shortened(std::string_view text, size_t width) {
  if (columns(text) <= width) return std::string(text);
  if (width == 0) return "";
  const size_t head = (width - 1) / 2;
  return std::string(first_columns(text, head)) + "…" +
         std::string(last_columns(text, width - 1 - head));
}

std::string shortened_front(std::string_view clean_text, size_t width) {
  if (columns(clean_text) <= width) return std::string(clean_text);
  if (width < 2) return "";
  return "…" + std::string(last_columns(clean_text, width - 1));
}

std::string markdown(std::string_view text) {
  return replaced(clean(text), "\\`*_{}[]()<>#+-!|~&@:", "\\");
}

std::string html(std::string_view text) {
  std::string result;
  for (const char c : clean(text)) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string markdown_code(std::string_view text) {
  const std::string safe = clean(text);
  size_t longest = 0;
  size_t run = 0;
  for (const char c : safe) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(longest + 1, '`');
  const std::string pad = longest > 0 ? " " : "";
  return safe.empty() ? "" : fence + pad + replaced(safe, "|", "\\") + pad + fence;
}

std::string github_message(std::string_view text) { return percent_escaped(text, "%\r\n"); }

std::string github_property(std::string_view text) { return percent_escaped(text, "%\r\n:,"); }

std::string folded_frame(std::string_view text) {
  std::string result = clean(text);
  for (char& c : result) {
    if (c == ';') c = ':';
  }
  return result.empty() ? "?" : result;
}

}  // namespace silt::render
