// SPDX-License-Identifier: Apache-2.0
//
// See pairing.h. Walks by breadth, so that parents are paired before what is below them.

#include "symbolizer/heap/pairing.h"

#include <algorithm>

#include "symbolizer/heap/path_tree.h"

namespace silt::heap {
namespace {

std::vector<PathId> paths_of(const Heap& heap, Words& words, PathTree& paths) {
  Naming names(heap.graph, words);
  std::vector<PathId> path_of(heap.graph.node_count(), PathTree::kRootPath);
  for (const NodeIndex node : heap.reach.order) {
    if (node == kRoot) continue;
    const NodeIndex parent = heap.reach.parent[node];
    path_of[node] = paths.child(path_of[parent], names.label_of(parent, heap.reach.via[node]),
                                names.class_of(node));
  }
  return path_of;
}

// The objects of a heap by parent and path. Those of one parent and path follow one another, in the
// order in which they were come to.
class Children {
 public:
  Children(const Heap& heap, const std::vector<PathId>& path_of) : heap_(heap), path_of_(path_of) {
    sorted_.reserve(heap.reach.order.size());
    for (const NodeIndex node : heap.reach.order) {
      if (node != kRoot) sorted_.push_back(node);
    }
    std::stable_sort(sorted_.begin(), sorted_.end(),
                     [this](NodeIndex a, NodeIndex b) { return key(a) < key(b); });
    used_.assign(sorted_.size(), 0);
  }

  // The next one of this parent and path that was not taken, kNone: there is none.
  NodeIndex take(NodeIndex parent, PathId path) {
    const uint64_t wanted = uint64_t{parent} << 32 | path;
    const auto at = std::lower_bound(sorted_.begin(), sorted_.end(), wanted,
                                     [this](NodeIndex a, uint64_t k) { return key(a) < k; });
    const auto begin = static_cast<size_t>(at - sorted_.begin());
    if (begin == sorted_.size()) return kNone;
    const size_t next = begin + used_[begin];
    if (next >= sorted_.size() || key(sorted_[next]) != wanted) return kNone;
    ++used_[begin];
    return sorted_[next];
  }

 private:
  uint64_t key(NodeIndex node) const {
    return uint64_t{heap_.reach.parent[node]} << 32 | path_of_[node];
  }

  const Heap& heap_;
  const std::vector<PathId>& path_of_;
  std::vector<NodeIndex> sorted_;
  std::vector<uint32_t> used_;  // of those that begin a parent and path: how many were taken
};

}  // namespace

std::vector<NodeIndex> pair_by_paths(const Heap& first, const Heap& second, Words& words) {
  PathTree paths;
  const std::vector<PathId> first_paths = paths_of(first, words, paths);
  const std::vector<PathId> second_paths = paths_of(second, words, paths);
  std::vector<NodeIndex> other(second.graph.node_count(), kNone);
  std::vector<bool> taken(first.graph.node_count());
  other[kRoot] = kRoot;
  taken[kRoot] = true;
  Children children(first, first_paths);
  for (const NodeIndex node : second.reach.order) {
    if (node == kRoot) continue;
    const NodeIndex parent = other[second.reach.parent[node]];
    if (parent == kNone) continue;
    const NodeIndex found = children.take(parent, second_paths[node]);
    if (found == kNone) continue;
    other[node] = found;
    taken[found] = true;
  }
  // What is left over, by path: lists through the heap's objects, since the paths are as many.
  std::vector<NodeIndex> first_of_path(paths.size(), kNone);
  std::vector<NodeIndex> next(first.graph.node_count(), kNone);
  for (auto at = first.reach.order.rbegin(); at != first.reach.order.rend(); ++at) {
    if (taken[*at]) continue;
    next[*at] = first_of_path[first_paths[*at]];
    first_of_path[first_paths[*at]] = *at;
  }
  for (const NodeIndex node : second.reach.order) {
    if (other[node] != kNone) continue;
    NodeIndex& found = first_of_path[second_paths[node]];
    if (found == kNone) continue;
    other[node] = found;
    found = next[found];
  }
  return other;
}

}  // namespace silt::heap
