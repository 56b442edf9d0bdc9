// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/render/html_sizes.h"

#include <algorithm>
#include <array>
#include <bit>

#include "symbolizer/render/words.h"

namespace silt::render {

void add_sizes(const report::Report& report, nlohmann::ordered_json& json) {
  struct Class {
    uint64_t bytes = 0;
    uint64_t blocks = 0;
    int64_t growth = 0;
  };
  std::array<Class, 64> classes{};
  size_t lowest = classes.size(), highest = 0;
  const size_t judged = judged_count(report);
  for (const report::StackLine& stack : report.stacks) {
    const size_t at = judged - std::min<size_t>(judged, 1);
    if (at >= stack.live_bytes.size() || at >= stack.live_blocks.size()) continue;
    const uint64_t bytes = stack.live_bytes[at];
    const uint64_t blocks = stack.live_blocks[at];
    if (bytes == 0 || blocks == 0) continue;
    const uint64_t mean = std::max<uint64_t>(1, bytes / blocks);
    const auto index = static_cast<size_t>(std::bit_width(mean) - 1);
    classes[index].bytes += bytes;
    classes[index].blocks += blocks;
    classes[index].growth +=
        static_cast<int64_t>(bytes) - static_cast<int64_t>(stack.live_bytes.front());
    lowest = std::min(lowest, index);
    highest = std::max(highest, index);
  }
  json["sizes"] = nlohmann::ordered_json::array();
  for (size_t i = lowest; i <= highest && i < classes.size(); ++i) {
    json["sizes"].push_back({{"from", uint64_t{1} << i},
                             {"bytes", classes[i].bytes},
                             {"blocks", classes[i].blocks},
                             {"growth_bytes", classes[i].growth}});
  }
}

}  // namespace silt::render
