// SPDX-License-Identifier: Apache-2.0
//
// See class_census.h.

#include "symbolizer/read/class_census.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "symbolizer/base/json_stream.h"
#include "symbolizer/read/json_fields.h"

namespace silt::read {
namespace {

constexpr std::string_view kCensusSchema = "silt.class-census/1";
// Of the first look (no list may be longer), and of later ones: the largest, and the fastest.
constexpr size_t kFirstClasses = kMostItems;
constexpr size_t kLargestClasses = 96;
constexpr size_t kGrownClasses = 64;

std::string class_text(const ClassCount& one) {
  return json_object({{"class", json_name(one.name)},
                      {"own", json_number(one.own ? 1 : 0)},
                      {"classes", json_number(one.classes)},
                      {"objects", json_number(one.objects)},
                      {"bytes", json_number(one.bytes)}});
}

std::string look_text(const CensusLook& look) {
  return json_object({{"snapshot", json_number(look.snapshot)},
                      {"milliseconds", json_number(look.milliseconds)},
                      {"took_milliseconds", json_number(look.took_milliseconds)},
                      {"bytes", json_number(look.bytes)},
                      {"objects", json_number(look.objects)},
                      {"left_out_bytes", json_number(look.left_out_bytes)},
                      {"classes", json_list(look.classes, class_text, ",\n   ")}});
}

bool take_class(JsonStream& json, ClassCount& one) {
  uint64_t own = 0;
  const bool taken = take_object(json, {{"class", into_text(one.name)},
                                        {"own", into_figure(own)},
                                        {"classes", into_figure(one.classes)},
                                        {"objects", into_figure(one.objects)},
                                        {"bytes", into_figure(one.bytes)}});
  one.own = own != 0;
  return taken;
}

bool take_look(JsonStream& json, CensusLook& look) {
  return take_object(
      json, {{"snapshot", into_id(look.snapshot)},
             {"milliseconds", into_figure(look.milliseconds)},
             {"took_milliseconds", into_figure(look.took_milliseconds)},
             {"bytes", into_figure(look.bytes)},
             {"objects", into_figure(look.objects)},
             {"left_out_bytes", into_figure(look.left_out_bytes)},
             {"classes", [&](JsonStream& at) { return take_list(at, look.classes, take_class); }}});
}

bool has_more_bytes(const ClassCount& a, const ClassCount& b) { return a.bytes > b.bytes; }

// The look keeps these classes only.
void keep_classes(CensusLook& look, std::vector<ClassCount> kept) {
  std::stable_sort(kept.begin(), kept.end(), has_more_bytes);
  uint64_t listed = 0;
  for (const ClassCount& one : kept) listed += one.bytes;
  look.left_out_bytes = look.bytes > listed ? look.bytes - listed : 0;
  look.classes = std::move(kept);
}

void shorten(CensusLook& look, const CensusLook* first) {
  std::vector<ClassCount>& all = look.classes;
  std::stable_sort(all.begin(), all.end(), has_more_bytes);
  if (first == nullptr) {
    if (all.size() > kFirstClasses) all.resize(kFirstClasses);
    keep_classes(look, std::move(all));
    return;
  }
  std::unordered_map<std::string_view, uint64_t> before;
  for (const ClassCount& one : first->classes) before.emplace(one.name, one.bytes);
  const auto growth = [&before](const ClassCount& one) {
    const auto at = before.find(one.name);
    const uint64_t then = at == before.end() ? 0 : at->second;
    return one.bytes > then ? one.bytes - then : 0;
  };
  const size_t largest = std::min(all.size(), kLargestClasses);
  std::vector<ClassCount> kept(all.begin(), all.begin() + static_cast<ptrdiff_t>(largest));
  std::vector<ClassCount> rest(all.begin() + static_cast<ptrdiff_t>(largest), all.end());
  std::erase_if(rest, [&](const ClassCount& one) { return growth(one) == 0; });
  std::stable_sort(rest.begin(), rest.end(),
                   [&](const ClassCount& a, const ClassCount& b) { return growth(a) > growth(b); });
  if (rest.size() > kGrownClasses) rest.resize(kGrownClasses);
  std::move(rest.begin(), rest.end(), std::back_inserter(kept));
  keep_classes(look, std::move(kept));
}

}  // namespace

void add_look(ClassCensus& census, CensusLook look) {
  shorten(look, census.looks.empty() ? nullptr : &census.looks.front());
  if (census.looks.size() >= kMostLooks) {
    std::vector<CensusLook> thinned;
    for (size_t i = 0; i < census.looks.size(); i += 2) {
      thinned.push_back(std::move(census.looks[i]));
    }
    census.looks = std::move(thinned);
  }
  census.looks.push_back(std::move(look));
  census.why_not.clear();
}

std::string class_census_text(const ClassCensus& census) {
  return json_object({{"schema", json_text(kCensusSchema)},
                      {"runtime", json_name(census.runtime)},
                      {"why_not", json_name(census.why_not)},
                      {"looks", json_list(census.looks, look_text, ",\n ")}}) +
         "\n";
}

Result<ClassCensus> parse_class_census(const ByteSource& source) {
  if (source.size() > kLargestFieldsFile) return Error{"it is larger than it can be"};
  JsonStream json(source);
  ClassCensus census;
  std::string schema;
  take_object(json,
              {{"schema", into_text(schema)},
               {"runtime", into_text(census.runtime)},
               {"why_not", into_text(census.why_not)},
               {"looks", [&](JsonStream& at) { return take_list(at, census.looks, take_look); }}});
  if (!json.ok()) return json.error();
  if (!json.at_end()) return Error{"something follows its end"};
  if (schema != kCensusSchema) return Error{"its schema is not " + std::string(kCensusSchema)};
  for (size_t i = 1; i < census.looks.size(); ++i) {
    if (census.looks[i].milliseconds <= census.looks[i - 1].milliseconds) {
      return Error{"its looks are not in order"};
    }
  }
  return census;
}

Result<ClassCensus> read_class_census(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / kClassCensusName;
  std::error_code error;
  const auto status = std::filesystem::symlink_status(path, error);
  if (error || !std::filesystem::is_regular_file(status)) return ClassCensus();
  const auto source = FileSource::open(path);
  if (!source) return source.error();
  return parse_class_census(*source);
}

}  // namespace silt::read
