// SPDX-License-Identifier: Apache-2.0
//
// For each object a shortest path from a root, as a tree: the reference through which a walk by
// breadth came to it. Shortest alone explains nothing, since V8's shapes and compiled code lead
// from anywhere to everywhere in three steps. So the walk begins at what programs know (the global
// object), goes on with handles that native code holds and what runs just then, takes references of
// V8's machinery only where nothing else leads on, and comes last to V8's own tables.

#ifndef SILT_SYMBOLIZER_HEAP_REACH_H_
#define SILT_SYMBOLIZER_HEAP_REACH_H_

#include <vector>

#include "symbolizer/heap/graph.h"

namespace silt::heap {

struct Reach {
  std::vector<NodeIndex> parent;  // kNone of the root and of what nothing keeps
  std::vector<EdgeIndex> via;     // the reference from the parent
  std::vector<NodeIndex> order;   // as they were come to; the root first

  bool is_kept(NodeIndex node) const { return node == kRoot || parent[node] != kNone; }
};

Reach find_reach(const Graph& graph);

}  // namespace silt::heap

#endif  // SILT_SYMBOLIZER_HEAP_REACH_H_
