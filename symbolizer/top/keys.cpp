// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/top/keys.h"

#include <algorithm>

namespace silt::top {
namespace {

Key key_of_letter(char last) {
  switch (last) {
    case 'A':
      return Key::kUp;
    case 'B':
      return Key::kDown;
    case 'H':
      return Key::kHome;
    case 'F':
      return Key::kEnd;
    case 'M':
      return Key::kEnter;  // of the keypad in application mode
    default:
      return Key::kOther;
  }
}

// "5" of "\033[5~".
Key key_of_number(std::string_view parameters) {
  const std::string_view number = parameters.substr(0, parameters.find(';'));
  if (number == "1" || number == "7") return Key::kHome;
  if (number == "4" || number == "8") return Key::kEnd;
  if (number == "5") return Key::kPageUp;
  if (number == "6") return Key::kPageDown;
  return Key::kOther;
}

// What follows an Escape; takes it from `bytes`.
Key take_sequence(std::string_view& bytes) {
  if (bytes.empty()) return Key::kEscape;
  if (bytes.front() == '\033') return Key::kEscape;  // pressed twice; the next one is read anew
  if (bytes.front() == 'O') {
    const Key key = bytes.size() > 1 ? key_of_letter(bytes[1]) : Key::kOther;
    bytes.remove_prefix(std::min<size_t>(2, bytes.size()));
    return key;
  }
  if (bytes.front() != '[') {  // Alt and a key
    bytes.remove_prefix(1);
    return Key::kOther;
  }
  size_t end = 1;
  while (end < bytes.size() && (bytes[end] < '@' || bytes[end] > '~')) ++end;
  if (end == bytes.size()) {
    bytes = {};
    return Key::kOther;
  }
  const std::string_view parameters = bytes.substr(1, end - 1);
  const char last = bytes[end];
  bytes.remove_prefix(end + 1);
  return last == '~' ? key_of_number(parameters) : key_of_letter(last);
}

// Bytes of the character that begins the text; 0: none does.
size_t character_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const size_t length = lead < 0x80    ? 1
                        : lead >= 0xf0 ? 4
                        : lead >= 0xe0 ? 3
                        : lead >= 0xc2 ? 2
                                       : 0;
  if (length == 0 || length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
  }
  return length;
}

}  // namespace

std::vector<Pressed> keys_in(std::string_view bytes) {
  std::vector<Pressed> keys;
  while (!bytes.empty()) {
    const char first = bytes.front();
    if (first == '\033') {
      bytes.remove_prefix(1);
      keys.push_back({take_sequence(bytes)});
    } else if (first == '\r' || first == '\n') {
      bytes.remove_prefix(1);
      keys.push_back({Key::kEnter});
    } else if (first == '\x7f' || first == '\b') {
      bytes.remove_prefix(1);
      keys.push_back({Key::kBackspace});
    } else if (static_cast<unsigned char>(first) < ' ') {
      bytes.remove_prefix(1);
      keys.push_back({Key::kOther});
    } else {
      const size_t length = character_length(bytes);
      if (length == 0) {
        bytes.remove_prefix(1);
        keys.push_back({Key::kOther});
      } else {
        keys.push_back({Key::kText, std::string(bytes.substr(0, length))});
        bytes.remove_prefix(length);
      }
    }
  }
  return keys;
}

}  // namespace silt::top
