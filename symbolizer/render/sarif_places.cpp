// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/render/sarif_places.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "symbolizer/render/escape.h"
#include "symbolizer/render/words.h"

namespace silt::render {
namespace {

using Json = nlohmann::ordered_json;

// "/srv/app.js:12" as SARIF has it; of the web, and of what a program brings itself, there is none.
Json physical_location(const std::string& place) {
  constexpr std::string_view kScheme = "file://";
  std::string file = place.starts_with(kScheme) ? place.substr(kScheme.size()) : place;
  if (!file.starts_with('/')) return nullptr;
  Json location;
  const size_t colon = file.rfind(':');
  const std::string line = colon == std::string::npos ? "" : file.substr(colon + 1);
  if (!line.empty() && line.size() < 10 &&
      line.find_first_not_of("0123456789") == std::string::npos) {
    file.resize(colon);
    if (std::stoi(line) > 0) location["region"]["startLine"] = std::stoi(line);
  }
  location["artifactLocation"]["uri"] = percent_encoded(relative_path(file));
  return location;
}

}  // namespace

std::string relative_path(std::string file) {
  while (file.rfind("../", 0) == 0) file.erase(0, 3);
  if (file.rfind("./", 0) == 0) file.erase(0, 2);
  return file;
}

std::string percent_encoded(const std::string& path) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string uri;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                       (byte >= '0' && byte <= '9') || byte == '/' || byte == '-' || byte == '_' ||
                       byte == '.' || byte == '~' || byte == '+';
    if (plain) {
      uri += c;
    } else {
      uri += '%';
      uri += kDigits[byte >> 4];
      uri += kDigits[byte & 15];
    }
  }
  return uri;
}

std::vector<Json> owner_locations(const report::Finding& finding) {
  std::vector<Json> locations;
  for (const std::string& text : owner_texts(finding.owners, 3)) {
    Json location = {{"message", {{"text", clean(text)}}},
                     {"logicalLocations", Json::array({{{"fullyQualifiedName", clean(text)}}})}};
    const auto owner =
        std::find_if(finding.owners.begin(), finding.owners.end(), [&](const auto& one) {
          return !one.place.empty() && owner_texts({one}, 1).front() == text;
        });
    Json place = owner == finding.owners.end() ? Json() : physical_location(owner->place);
    if (!place.is_null()) location["physicalLocation"] = std::move(place);
    locations.push_back(std::move(location));
  }
  return locations;
}

}  // namespace silt::render
