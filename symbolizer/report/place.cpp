// SPDX-License-Identifier: Apache-2.0
//
// Places; see the header.

#include "symbolizer/report/place.h"

#include <algorithm>

#include "symbolizer/report/findings/stack_site.h"
#include "symbolizer/report/site.h"

namespace silt::report {

using symbolize::Frame;

std::string place_key(read::Heap heap, const symbolize::Frame& site) {
  const std::string where(
      base_name(site.kind == symbolize::FrameKind::kNative ? site.module : site.file));
  const std::string what =
      !site.function.empty()
          ? plain_name(site.function)
          : std::to_string(number_of(site.function_address != FileAddress{} ? site.function_address
                                                                            : site.file_address));
  std::string key = std::to_string(static_cast<int>(heap)) + "|" + where + "|" + what;
  std::erase_if(key, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  return key;
}

std::string place_key(const Finding& finding) {
  if (!finding.whole.empty()) {
    return std::to_string(static_cast<int>(finding.heap)) + "||whole:" + finding.whole;
  }
  return place_key(finding.heap, finding.site);
}

void add_place(std::vector<Place>& places, const std::string& key, double bytes_per_hour) {
  const auto at = std::find_if(places.begin(), places.end(),
                               [&](const Place& place) { return place.key == key; });
  if (at != places.end()) {
    at->bytes_per_hour += bytes_per_hour;
  } else {
    places.push_back({key, bytes_per_hour});
  }
}

std::vector<Place> places_of(const read::Recording& recording, const Group& group,
                             const std::vector<StackSummary>& summaries, const NodeFrames& names,
                             const FoldOptions& options, double bytes_per_hour) {
  double growth = 0;
  for (const size_t stack : group.stacks) growth += std::max(0.0, summaries[stack].growth_bytes);
  std::vector<Place> places;
  add_place(places, place_key(group.heap, group.site), growth > 0 ? 0 : bytes_per_hour);
  if (growth <= 0) return places;
  for (const size_t stack : group.stacks) {
    const Frame site = site_of(recording, recording.stacks[stack], names, options);
    add_place(places, place_key(group.heap, site),
              bytes_per_hour * std::max(0.0, summaries[stack].growth_bytes) / growth);
  }
  return places;
}

std::optional<double> known_pace(const Finding& finding, const std::vector<Place>& known) {
  std::optional<double> pace;
  const std::string own = place_key(finding);
  for (const Place& place : known) {
    const bool here =
        place.key == own || std::any_of(finding.places.begin(), finding.places.end(),
                                        [&](const Place& one) { return one.key == place.key; });
    if (here) pace = pace.value_or(0) + place.bytes_per_hour;
  }
  return pace;
}

}  // namespace silt::report
