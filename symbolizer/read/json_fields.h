// SPDX-License-Identifier: Apache-2.0
//
// The small JSON files beside snapshots: a field is a name and where its value goes. What a file
// has beside is left out, so that later versions may add to it. Nothing in it is believed: numbers
// and lengths of texts and lists are bounded, and sums stay within the signed range.

#ifndef SILT_SYMBOLIZER_READ_JSON_FIELDS_H_
#define SILT_SYMBOLIZER_READ_JSON_FIELDS_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "symbolizer/base/json_stream.h"

namespace silt::read {

inline constexpr size_t kLongestName = 1024;
inline constexpr size_t kMostItems = 1024;  // of any list
// So that sums of all of them stay within the signed range.
inline constexpr uint64_t kLargestNumber = uint64_t{1} << 42;
inline constexpr uint64_t kLargestFieldsFile = uint64_t{64} << 20;

// Writing. Of longer lists and texts what is read is written, and cut between characters.
std::string json_text(std::string_view text);
std::string json_name(const std::string& text);
std::string json_number(uint64_t value);
std::string json_object(std::initializer_list<std::pair<const char*, std::string>> fields);

template <typename Item, typename Text>
std::string json_list(const std::vector<Item>& items, const Text& text, const char* between = ",") {
  std::string json = "[";
  for (size_t i = 0; i < std::min(items.size(), kMostItems); ++i) {
    if (i != 0) json += between;
    json += text(items[i]);
  }
  return json + "]";
}

// Reading.
using Take = std::function<bool(JsonStream&)>;
struct Field {
  std::string_view name;
  Take take;
};

bool take_object(JsonStream& json, std::initializer_list<Field> fields);
bool take_text(JsonStream& json, std::string& text);
Take into_text(std::string& to);
Take into_figure(uint64_t& to);
Take into_id(uint32_t& to);

template <typename Item, typename TakeItem>
bool take_list(JsonStream& json, std::vector<Item>& items, const TakeItem& take_item) {
  if (!json.take('[')) return false;
  bool first = true;
  while (json.more(']', first)) {
    if (items.size() >= kMostItems) return json.fail("a list is too long");
    items.emplace_back();
    if (!take_item(json, items.back())) return false;
  }
  return json.ok();
}

}  // namespace silt::read

#endif  // SILT_SYMBOLIZER_READ_JSON_FIELDS_H_
