// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/heap/retained.h"

#include <algorithm>

namespace silt::heap {
namespace {

// `node` and `holder`: what the anchor and its holder are in this graph, if they are there.
NodeIndex find_anchor(const Graph& graph, const Anchor& anchor, NodeIndex node, NodeIndex holder,
                      const Words& words) {
  if (node != kNone || anchor.label == kNone || holder == kNone) return node;
  const EdgeIndex begin = graph.edges_begin(holder);
  const EdgeIndex end = begin + std::min(kMostLookedAt, graph.edges_end(holder) - begin);
  for (EdgeIndex edge = begin; edge != end; ++edge) {
    if (graph.keeps(holder, edge) && graph.edge_name(edge) == words[anchor.label]) {
      return graph.edge_targets[edge];
    }
  }
  return kNone;
}

// What these keep; what is below two of them counts once.
uint64_t retained(const Heap& heap, const std::vector<NodeIndex>& found) {
  const Dominators& dominators = heap.dominators;
  if (found.empty()) return 0;
  if (found.size() == 1) return dominators.retained[found.front()];
  std::vector<bool> marked(heap.graph.node_count());
  for (const NodeIndex node : found) marked[node] = true;
  std::vector<bool> below(heap.graph.node_count());  // something above it is marked
  uint64_t sum = 0;
  for (const NodeIndex node : dominators.order) {
    const NodeIndex up = dominators.immediate[node];
    if (up != kNone) below[node] = below[up] || marked[up];
    if (marked[node] && !below[node]) sum += dominators.retained[node];
  }
  return sum;
}

}  // namespace

uint64_t retained_by(const Heap& heap, const std::vector<Anchor>& anchors, const NodesById& nodes,
                     const Words& words) {
  std::vector<NodeIndex> found;
  for (const Anchor& anchor : anchors) {
    const NodeIndex node =
        find_anchor(heap.graph, anchor, nodes.find(anchor.id), nodes.find(anchor.holder_id), words);
    if (node != kNone && heap.dominators.is_kept(node)) found.push_back(node);
  }
  return retained(heap, found);
}

uint64_t retained_by_others(const Heap& heap, const std::vector<Anchor>& anchors,
                            const std::vector<NodeIndex>& others, const Words& words) {
  const auto other = [&](NodeIndex node) { return node == kNone ? kNone : others[node]; };
  std::vector<NodeIndex> found;
  for (const Anchor& anchor : anchors) {
    const NodeIndex node =
        find_anchor(heap.graph, anchor, other(anchor.node), other(anchor.holder), words);
    if (node != kNone && heap.dominators.is_kept(node)) found.push_back(node);
  }
  return retained(heap, found);
}

}  // namespace silt::heap
