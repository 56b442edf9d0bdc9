// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/read/json_fields.h"

namespace silt::read {
namespace {

template <typename Number>
bool take_number(JsonStream& json, Number& to, uint64_t largest = kLargestNumber) {
  uint64_t value = 0;
  if (!json.read_unsigned(value)) return false;
  if (value > largest) return json.fail("a number is larger than it can be");
  to = static_cast<Number>(value);
  return true;
}

}  // namespace

std::string json_text(std::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (byte < 0x20) {
      constexpr char kDigits[] = "0123456789abcdef";
      json += "\\u00";
      json += kDigits[byte >> 4];
      json += kDigits[byte & 15];
    } else {
      json += c;
    }
  }
  return json + '"';
}

std::string json_name(const std::string& text) {
  if (text.size() <= kLongestName) return json_text(text);
  size_t end = kLongestName;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return json_text(std::string_view(text).substr(0, end));
}

std::string json_number(uint64_t value) { return std::to_string(std::min(value, kLargestNumber)); }

std::string json_object(std::initializer_list<std::pair<const char*, std::string>> fields) {
  std::string json = "{";
  for (const auto& [name, value] : fields) {
    if (json.size() > 1) json += ',';
    json += json_text(name) + ":" + value;
  }
  return json + "}";
}

bool take_object(JsonStream& json, std::initializer_list<Field> fields) {
  if (!json.take('{')) return false;
  bool first = true;
  while (json.more('}', first)) {
    std::string name;
    if (!json.read_string(name, kLongestName) || !json.take(':')) return false;
    const auto field = std::find_if(fields.begin(), fields.end(),
                                    [&](const Field& known) { return known.name == name; });
    if (!(field == fields.end() ? json.skip_value() : field->take(json))) return false;
  }
  return json.ok();
}

bool take_text(JsonStream& json, std::string& text) { return json.read_string(text, kLongestName); }

Take into_text(std::string& to) {
  return [&to](JsonStream& json) { return take_text(json, to); };
}
Take into_figure(uint64_t& to) {
  return [&to](JsonStream& json) { return take_number(json, to); };
}
Take into_id(uint32_t& to) {
  return [&to](JsonStream& json) { return take_number(json, to, INT32_MAX); };
}

}  // namespace silt::read
