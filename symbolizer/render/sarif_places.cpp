// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/render/sarif_places.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <string_view>
#include <utility>

#include "symbolizer/render/escape.h"
#include "symbolizer/render/owner_words.h"
#include "symbolizer/render/shown_line.h"
#include "symbolizer/render/text_stack.h"
#include "symbolizer/render/words.h"
#include "symbolizer/report/origin.h"

namespace silt::render {
namespace {

using Json = nlohmann::ordered_json;

// Not "node:fs", "<frozen os>" or a URL: these are no files of anybody's.
bool is_path(const std::string& file) {
  if (file.empty() || file.front() == '<') return false;
  const size_t colon = file.find(':');
  if (colon == std::string::npos || colon == 0) return true;
  const bool is_scheme = std::all_of(file.begin(), file.begin() + static_cast<ptrdiff_t>(colon),
                                     [](unsigned char c) { return std::isalnum(c) || c == '+'; });
  return !is_scheme;
}

// Of a file in no repository there is an absolute one.
std::string uri_of(const std::string& path) {
  return (path.starts_with('/') ? "file://" : "") + percent_encoded(path);
}

// "/srv/app.js:12" as SARIF has it; of the web, and of what a program brings itself, there is none.
Json physical_location(const report::Report& report, const std::string& place) {
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
  symbolize::Frame frame;
  frame.file = file;
  location["artifactLocation"]["uri"] = uri_of(repository_path(report, frame));
  return location;
}

}  // namespace

std::string repository_path(const report::Report& report, const symbolize::Frame& frame) {
  const auto known = report.sources.find(report::source_path(frame));
  if (known != report.sources.end() && !known->second.in_repository.empty()) {
    return known->second.in_repository;
  }
  std::string file = frame.file;
  while (file.rfind("../", 0) == 0) file.erase(0, 3);
  if (file.rfind("./", 0) == 0) file.erase(0, 2);
  return file;
}

Json location_of(const report::Report& report, const symbolize::Frame& frame,
                 const std::string& name) {
  Json location;
  if (is_path(frame.file)) {
    Json& physical = location["physicalLocation"];
    physical["artifactLocation"]["uri"] = uri_of(repository_path(report, frame));
    if (shown_line(frame) != 0) physical["region"]["startLine"] = shown_line(frame);
  }
  location["logicalLocations"] = Json::array({{{"fullyQualifiedName", name}}});
  return location;
}

Json stacks_of(const report::Report& report, const report::Finding& finding) {
  constexpr size_t kMostStacks = 3;
  constexpr size_t kMostFrames = 64;
  Json stacks = Json::array();
  for (const read::StackId id : finding.stacks) {
    const auto at = std::find_if(report.stacks.begin(), report.stacks.end(),
                                 [id](const auto& stack) { return stack.id == id; });
    if (at == report.stacks.end() || at->frames.empty()) continue;
    Json frames = Json::array();
    for (const symbolize::Frame& frame : at->frames) {
      if (frames.size() == kMostFrames) break;
      Json one = {{"location", location_of(report, frame, clean(function_text(frame)))}};
      if (!frame.module.empty()) one["module"] = clean(report::base_name(frame.module));
      frames.push_back(std::move(one));
    }
    stacks.push_back({{"message", {{"text", stack_figures(report, *at)}}}, {"frames", frames}});
    if (stacks.size() == kMostStacks) break;
  }
  return stacks;
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

std::vector<Json> owner_locations(const report::Report& report, const report::Finding& finding) {
  std::vector<Json> locations;
  for (const std::string& text : owner_texts(finding.owners, 3)) {
    Json location = {{"message", {{"text", clean(text)}}},
                     {"logicalLocations", Json::array({{{"fullyQualifiedName", clean(text)}}})}};
    const auto owner =
        std::find_if(finding.owners.begin(), finding.owners.end(), [&](const auto& one) {
          return !one.place.empty() && owner_texts({one}, 1).front() == text;
        });
    Json place = owner == finding.owners.end() ? Json() : physical_location(report, owner->place);
    if (!place.is_null()) location["physicalLocation"] = std::move(place);
    locations.push_back(std::move(location));
  }
  return locations;
}

}  // namespace silt::render
