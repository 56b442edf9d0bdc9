// SPDX-License-Identifier: Apache-2.0
//
// The line of a function that stands for what it makes or calls on several.

#ifndef SILT_SYMBOLIZER_SYMBOLIZE_MAIN_LINE_H_
#define SILT_SYMBOLIZER_SYMBOLIZE_MAIN_LINE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <utility>

namespace silt::symbolize {

using PlaceInScript = std::pair<uint32_t, uint32_t>;     // line and column
using PlacesInScript = std::map<PlaceInScript, double>;  // with their weights

// The heaviest place of the line that has more than half of the weight; nothing when no line has.
inline std::optional<PlaceInScript> main_place(const PlacesInScript& places) {
  double all = 0;
  for (const auto& [place, weight] : places) all += weight;
  for (auto first = places.begin(); first != places.end();) {
    double line = 0;
    auto heaviest = first;
    auto next = first;
    for (; next != places.end() && next->first.first == first->first.first; ++next) {
      line += next->second;
      if (next->second > heaviest->second) heaviest = next;
    }
    if (line * 2 > all) return heaviest->first;
    first = next;
  }
  return std::nullopt;
}

}  // namespace silt::symbolize

#endif  // SILT_SYMBOLIZER_SYMBOLIZE_MAIN_LINE_H_
