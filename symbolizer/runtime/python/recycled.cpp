// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/runtime/python/recycled.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>

namespace silt::runtime::python {
namespace {

using report::Group;
using report::Remark;

// Lists and dicts that CPython 3.11 keeps (PyList_MAXFREELIST, PyDict_MAXFREELIST); it keeps 100
// floats and more tuples.
constexpr double kKept = 80;
constexpr std::array<std::string_view, 4> kTypes = {"dict", "float", "list", "tuple"};
// What Python asks for: a float, a list and a dict, the last two with the collector's 16 bytes.
constexpr std::array<double, 3> kSizes = {24, 56, 64};

// By types, where a copy of the process has read them; nothing where it has not.
std::optional<bool> by_type(const read::Recording& recording, const Group& group) {
  if (!recording.owners || recording.owners->types.empty()) return std::nullopt;
  const read::Owners& owners = *recording.owners;
  double all = 0;
  double kept = 0;
  for (const size_t stack : group.stacks) {
    const uint32_t id = number_of(recording.stacks[stack].id);
    for (const read::OwnersType& type : owners.types) {
      if (type.stack != id) continue;
      all += static_cast<double>(type.blocks);
      if (std::find(kTypes.begin(), kTypes.end(), owners.labels[type.type]) != kTypes.end()) {
        kept += static_cast<double>(type.blocks);
      }
    }
  }
  if (all <= 0) return std::nullopt;
  return 2 * kept > all;
}

bool by_size(const Group& group) {
  if (group.judgement.growth_blocks <= 0) return false;
  const double size = group.judgement.growth_bytes / group.judgement.growth_blocks;
  return std::any_of(kSizes.begin(), kSizes.end(),
                     [size](double kept) { return std::abs(size - kept) < 0.01; });
}

}  // namespace

void doubt_recycled(const read::Recording& recording, std::vector<Group>& groups) {
  for (Group& group : groups) {
    if (group.heap != read::Heap::kObjects || group.verdict() != report::Verdict::kLeak) continue;
    if (group.judgement.growth_blocks >= kKept) continue;
    if (!by_type(recording, group).value_or(by_size(group))) continue;
    group.remarks.push_back({.kind = Remark::Kind::kRecycled,
                             .ground = report::Ground::kRecycled,
                             .count = kKept});
  }
}

}  // namespace silt::runtime::python
