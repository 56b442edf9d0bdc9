// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/heap/gathering.h"

namespace silt::heap {
namespace {

// Of what came: the rest is the way itself.
constexpr double kNearlyAll = 0.9;
// Objects that keep it one after another; more of them are a list.
constexpr size_t kLongestWay = 16;
// Things in a container, if that is what it is.
constexpr size_t kFewestInside = 10;

}  // namespace

NodeIndex find_gathering(const Heap& heap, const std::vector<PathId>& group_of,
                         const std::vector<NodeIndex>& anchor_of, const Group& group) {
  const Graph& graph = heap.graph;
  NodeIndex anchor = kNone;
  NodeIndex found = kNone;
  size_t way = 0;
  for (const NodeIndex node : heap.reach.order) {
    if (group_of[node] != group.path) continue;
    if (anchor != kNone && anchor_of[node] != anchor) return kNone;
    anchor = anchor_of[node];
    const uint64_t kept = heap.dominators.retained[node];
    if (!may_own(graph, node) ||
        static_cast<double>(kept) < kNearlyAll * static_cast<double>(group.bytes)) {
      continue;
    }
    // Objects that each keep as much are one below the other.
    if (++way > kLongestWay) return kNone;
    if (found == kNone || kept <= heap.dominators.retained[found]) found = node;
  }
  if (found == kNone || found == anchor) return kNone;
  // Directly in it, or in a table of its own.
  size_t inside = 0;
  for (const NodeIndex node : heap.reach.order) {
    if (group_of[node] != group.path || node == found) continue;
    NodeIndex above = heap.dominators.immediate[node];
    if (above != found && above != kNone && !graph.is_visible(above)) {
      above = heap.dominators.immediate[above];
    }
    inside += above == found ? 1 : 0;
  }
  return inside >= kFewestInside ? found : kNone;
}

}  // namespace silt::heap
