// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/render/type_words.h"

#include "symbolizer/base/quantity.h"
#include "symbolizer/render/escape.h"
#include "symbolizer/render/words.h"

namespace silt::render {
namespace {

// Less than this says nothing about a leak.
constexpr double kLeastShare = 0.01;

}  // namespace

std::string types_text(const std::vector<report::TypeLine>& types, size_t most) {
  std::string text;
  for (const report::TypeLine& type : types) {
    if (most == 0 || type.name.empty() || (!text.empty() && type.share < kLeastShare)) continue;
    --most;
    text += text.empty() ? "" : ", ";
    text += type.objects == 0 ? "data of " : format_count(static_cast<double>(type.objects)) + " ";
    text += clean(type.name) + " (" + format_percent(type.share) + ")";
  }
  return text;
}

nlohmann::ordered_json types_json(const std::vector<report::TypeLine>& types) {
  using Json = nlohmann::ordered_json;
  Json json = Json::array();
  for (const report::TypeLine& type : types) {
    json.push_back({{"type", type.name.empty() ? Json(nullptr) : Json(type.name)},
                    {"objects", type.objects},
                    {"bytes", type.bytes},
                    {"share", type.share}});
  }
  return json;
}

}  // namespace silt::render
