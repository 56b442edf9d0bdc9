// SPDX-License-Identifier: Apache-2.0
//
// A sorted array; where ranges overlap the search goes back until no earlier range can reach.

#include "symbolizer/read/module_index.h"

#include <algorithm>

namespace silt::read {

ModuleIndex::ModuleIndex(const std::vector<Module>& modules) {
  ranges_.reserve(modules.size());
  for (uint32_t i = 0; i < modules.size(); ++i) {
    const Module& module = modules[i];
    ranges_.push_back(
        {module.start, module.end, module.end, module.first_node, module.end_node, i});
  }
  std::sort(ranges_.begin(), ranges_.end(),
            [](const Range& a, const Range& b) { return a.start < b.start; });
  for (size_t i = 1; i < ranges_.size(); ++i) {
    overlapping_ |= ranges_[i].start < ranges_[i - 1].last_end;
    ranges_[i].last_end = std::max(ranges_[i].last_end, ranges_[i - 1].last_end);
  }
}

std::optional<uint32_t> ModuleIndex::find(MemoryAddress memory_address, uint32_t birth) const {
  const uint64_t address = number_of(memory_address);
  auto next =
      std::upper_bound(ranges_.begin(), ranges_.end(), address,
                       [](uint64_t value, const Range& range) { return value < range.start; });
  while (next != ranges_.begin()) {
    --next;
    if (next->last_end <= address) break;
    if (address < next->end && birth >= next->first_node && birth < next->end_node) {
      return next->module;
    }
  }
  return std::nullopt;
}

}  // namespace silt::read
