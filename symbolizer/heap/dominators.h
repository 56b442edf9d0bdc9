// SPDX-License-Identifier: Apache-2.0
//
// Who alone keeps what: a node dominates another when every path from the root to that one goes
// through it, so its retained size is what would be freed with it.
//
// Lengauer and Tarjan, "A fast algorithm for finding dominators in a flowgraph" (1979), with path
// compression: O(edges · log nodes), whatever the graph looks like, and without recursion.

#ifndef SILT_SYMBOLIZER_HEAP_DOMINATORS_H_
#define SILT_SYMBOLIZER_HEAP_DOMINATORS_H_

#include <cstdint>
#include <vector>

#include "symbolizer/heap/graph.h"

namespace silt::heap {

struct Dominators {
  std::vector<NodeIndex> immediate;  // kNone of the root and of what nothing keeps
  std::vector<uint64_t> retained;    // bytes, its own included; 0 of what nothing keeps
  // Nodes that something keeps, each after the one that dominates it.
  std::vector<NodeIndex> order;

  bool is_kept(NodeIndex node) const { return node == kRoot || immediate[node] != kNone; }
};

Dominators find_dominators(const Graph& graph);

}  // namespace silt::heap

#endif  // SILT_SYMBOLIZER_HEAP_DOMINATORS_H_
