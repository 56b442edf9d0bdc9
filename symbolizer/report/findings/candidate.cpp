// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/report/findings/candidate.h"

#include <algorithm>

#include "symbolizer/read/stack_nodes.h"

namespace silt::report {

using analyze::Series;
using analyze::Timeline;

double growth_of(const Timeline& timeline, const Series& series) {
  return series.bytes[timeline.regular.back()] - series.bytes[timeline.regular.front()];
}

Series sum_of(const std::vector<Member>& members) {
  Series sum;
  for (const Member& member : members) analyze::add(sum, member.series);
  return sum;
}

void order_members(const Timeline& timeline, std::vector<Member>& members) {
  std::stable_sort(members.begin(), members.end(), [&](const Member& a, const Member& b) {
    return growth_of(timeline, a.series) > growth_of(timeline, b.series);
  });
}

std::vector<read::NodeId> path_of(const read::Recording& recording, const Candidate& candidate) {
  std::vector<read::NodeId> path;
  const read::Stack& stack = recording.stacks[candidate.members.front().stack];
  for (const read::NodeId node : read::StackNodes(recording, stack)) path.push_back(node);
  return path;
}

size_t common_nodes(const std::vector<read::NodeId>& a, const std::vector<read::NodeId>& b) {
  const auto [end, other] = std::mismatch(a.rbegin(), a.rend(), b.rbegin(), b.rend());
  return static_cast<size_t>(end - a.rbegin());
}

}  // namespace silt::report
