// SPDX-License-Identifier: Apache-2.0
//
// Two walks down the tree of dominators; see the header.

#include "symbolizer/heap/holders.h"

#include <algorithm>

namespace silt::heap {
namespace {

// What one thing below may keep of it all before it is the better answer.
constexpr double kMostOfIt = 0.5;

}  // namespace

std::vector<Holder> find_holders(const Heap& heap, Words& words, size_t most, double share) {
  const Graph& graph = heap.graph;
  const Dominators& dominators = heap.dominators;
  std::vector<uint64_t> largest_below(graph.node_count(), 0);
  for (const NodeIndex node : dominators.order) {
    if (node == kRoot) continue;
    uint64_t& largest = largest_below[dominators.immediate[node]];
    largest = std::max(largest, dominators.retained[node]);
  }
  // The memory of an array or a Map is a part of it: what it keeps together counts for its owner.
  std::vector<NodeIndex> found;
  const double least = share * static_cast<double>(dominators.retained[kRoot]);
  for (const NodeIndex node : dominators.order) {
    const NodeType type = graph.types[node];
    if (!graph.is_visible(node) || type == NodeType::kString || type == NodeType::kNumber) continue;
    const auto retained = static_cast<double>(dominators.retained[node]);
    if (retained < least || retained == 0) continue;
    bool gathers = static_cast<double>(largest_below[node]) < kMostOfIt * retained;
    if (!gathers) {
      for (EdgeIndex edge = graph.edges_begin(node); edge != graph.edges_end(node); ++edge) {
        const NodeIndex part = graph.edge_targets[edge];
        if (graph.types[part] != NodeType::kArray || dominators.immediate[part] != node) continue;
        if (dominators.retained[part] == largest_below[node] &&
            static_cast<double>(largest_below[part]) < kMostOfIt * retained) {
          gathers = true;
          break;
        }
      }
    }
    if (gathers) found.push_back(node);
  }
  std::sort(found.begin(), found.end(), [&](NodeIndex a, NodeIndex b) {
    const uint64_t left = dominators.retained[a];
    const uint64_t right = dominators.retained[b];
    return left != right ? left > right : a < b;
  });
  if (found.size() > most) found.resize(most);

  std::vector<Holder> holders;
  for (const NodeIndex node : found) holders.push_back({node, {}, {}});
  std::vector<uint32_t> holder_of(graph.node_count(), kNone);
  for (uint32_t i = 0; i < holders.size(); ++i) holder_of[holders[i].node] = i;
  // Largest holders first, so that one inside another one gives up what is its own.
  std::vector<uint32_t> below(graph.node_count(), kNone);
  std::vector<bool> inside(graph.node_count());  // a visible object lies between
  Naming naming(graph, words);
  for (const NodeIndex node : dominators.order) {
    if (node == kRoot) continue;
    const NodeIndex up = dominators.immediate[node];
    const bool at_holder = holder_of[up] != kNone;
    const uint32_t holder = at_holder ? holder_of[up] : below[up];
    below[node] = holder;
    inside[node] = !at_holder && (inside[up] || graph.is_visible(up));
    if (holder == kNone) continue;
    const auto bytes = static_cast<int64_t>(graph.size_of(node));
    const WordId cls = naming.class_of(node);
    const auto count = [&](std::map<WordId, Tally>& tallies) {
      Tally& tally = tallies[cls];
      ++tally.objects;
      tally.bytes += bytes;
      tally.sample = node;
    };
    count(holders[holder].kinds);
    if (!inside[node] && graph.is_visible(node)) count(holders[holder].entries);
  }
  return holders;
}

}  // namespace silt::heap
