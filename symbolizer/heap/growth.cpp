// SPDX-License-Identifier: Apache-2.0
//
// Two walks along the shortest paths, one in each heap; see the header.

#include "symbolizer/heap/growth.h"

#include <algorithm>

#include "symbolizer/heap/gathering.h"
#include "symbolizer/heap/pairing.h"

namespace silt::heap {
namespace {

constexpr PathId kOld = kNone;      // in both heaps
constexpr PathId kOwn = kNone - 1;  // came or went below V8's machinery
constexpr size_t kMostAnchors = 1'000'000;

int64_t signed_size(const Graph& graph, NodeIndex node) {
  return static_cast<int64_t>(graph.size_of(node));
}

uint8_t deeper(uint8_t level, bool visible) {
  return static_cast<uint8_t>(level + (visible && level < 2 ? 1 : 0));
}

}  // namespace

bool may_own(const Graph& graph, NodeIndex node) {
  const NodeType type = graph.types[node];
  if (type == NodeType::kSynthetic) return true;
  return graph.is_visible(node) && type != NodeType::kString && type != NodeType::kNumber;
}

GrowthFinder::GrowthFinder(const Heap& first, const Heap& second, Words& words)
    : first_(first),
      second_(second),
      words_(words),
      first_names_(first.graph, words),
      second_names_(second.graph, words) {
  match();
  mark_second();
  mark_first();
  follow_ways();
  sort_groups();
}

void GrowthFinder::match() {
  growth_.by_paths = !match_ids();
  if (!growth_.by_paths) return;
  in_second_.other = pair_by_paths(first_, second_, words_);
  in_first_.other.assign(first_.graph.node_count(), kNone);
  for (NodeIndex node = 0; node < in_second_.other.size(); ++node) {
    if (in_second_.other[node] != kNone) in_first_.other[in_second_.other[node]] = node;
  }
}

// Whether ids are those of one process, as objects of one id are of one type and size: in one
// process a few change these, no more. On node 18 to 24 all but a few in a million were then
// (test_heap_snapshots), and a quarter of them between two copies (test_live_heap).
bool GrowthFinder::match_ids() {
  in_first_.other.assign(first_.graph.node_count(), kNone);
  in_second_.other.assign(second_.graph.node_count(), kNone);
  const NodesById nodes(first_.graph);
  size_t both = 0;
  size_t same = 0;
  for (const NodeIndex node : second_.reach.order) {
    const NodeIndex other = nodes.find(second_.graph.ids[node]);
    if (other == kNone || !first_.reach.is_kept(other)) continue;
    if ((node == kRoot) != (other == kRoot) || in_first_.other[other] != kNone) continue;
    in_second_.other[node] = other;
    in_first_.other[other] = node;
    ++both;
    if (first_.graph.types[other] == second_.graph.types[node] &&
        first_.graph.size_of(other) == second_.graph.size_of(node)) {
      ++same;
    }
  }
  constexpr double kSameProcess = 0.9;
  return static_cast<double>(same) >= kSameProcess * static_cast<double>(both);
}

void GrowthFinder::add(PathId group, int64_t objects, int64_t bytes) {
  growth_.objects += objects;
  growth_.bytes += bytes;
  if (group == kOwn) {
    growth_.own_bytes += bytes;
    return;
  }
  Group& sum = sums_[group];
  sum.path = group;
  sum.objects += objects;
  sum.bytes += bytes;
}

void GrowthFinder::mark_second() {
  const Graph& graph = second_.graph;
  const size_t count = graph.node_count();
  path_of_.assign(count, PathTree::kRootPath);
  in_second_.anchor.assign(count, kRoot);
  in_second_.group.assign(count, kOld);
  in_second_.level.assign(count, 0);
  for (const NodeIndex node : second_.reach.order) {
    const bool old = in_second_.other[node] != kNone;
    if (node == kRoot) continue;
    const NodeIndex parent = second_.reach.parent[node];
    const EdgeIndex edge = second_.reach.via[node];
    path_of_[node] = paths_.child(path_of_[parent], second_names_.label_of(parent, edge),
                                  second_names_.class_of(node));
    NodeIndex& anchor = in_second_.anchor[node];
    anchor = in_second_.anchor[parent];
    PathId& group = in_second_.group[node];
    if (old) {
      // Where its owner is itself new, what it is anchored to is what that one is.
      if (may_own(graph, node)) anchor = node;
      const int64_t grown =
          signed_size(graph, node) - signed_size(first_.graph, in_second_.other[node]);
      if (grown != 0) {
        const bool own = graph.is_machinery(parent, edge) || !graph.is_visible(anchor);
        add(own && !may_own(graph, node) ? kOwn : path_of_[anchor], 0, grown);
      }
      continue;
    }
    if (in_second_.group[parent] != kOld) {
      group = graph.is_machinery(parent, edge) ? kOwn : in_second_.group[parent];
      in_second_.level[node] = deeper(in_second_.level[parent], graph.is_visible(node));
    } else if (graph.is_machinery(parent, edge)) {
      group = kOwn;
    } else if (parent == anchor && may_own(graph, node) &&
               second_names_.is_own_label(parent, edge)) {
      anchor = node;
      group = path_of_[node];
    } else {
      group = path_of_[anchor];
      in_second_.level[node] = deeper(0, graph.is_visible(node));
    }
    add(group, 1, signed_size(graph, node));
  }
}

void GrowthFinder::mark_first() {
  const Graph& graph = first_.graph;
  const size_t count = graph.node_count();
  in_first_.anchor.assign(count, kRoot);
  in_first_.group.assign(count, kOld);
  in_first_.level.assign(count, 0);
  for (const NodeIndex node : first_.reach.order) {
    const NodeIndex stays = in_first_.other[node];
    if (node == kRoot) continue;
    const NodeIndex parent = first_.reach.parent[node];
    const EdgeIndex edge = first_.reach.via[node];
    NodeIndex& anchor = in_first_.anchor[node];
    anchor = in_first_.anchor[parent];
    if (stays != kNone) {
      if (may_own(graph, node)) anchor = stays;
      continue;
    }
    PathId& group = in_first_.group[node];
    if (in_first_.group[parent] != kOld) {
      group = graph.is_machinery(parent, edge) ? kOwn : in_first_.group[parent];
      in_first_.level[node] = deeper(in_first_.level[parent], graph.is_visible(node));
    } else if (graph.is_machinery(parent, edge)) {
      group = kOwn;
    } else if (in_first_.other[parent] == anchor && may_own(graph, node) &&
               first_names_.is_own_label(parent, edge)) {
      group = paths_.child(path_of_[anchor], first_names_.label_of(parent, edge),
                           first_names_.class_of(node));
    } else {
      group = path_of_[anchor];
      in_first_.level[node] = deeper(0, graph.is_visible(node));
    }
    add(group, -1, -signed_size(graph, node));
  }
}

// What came below an old object belongs to the new one that it gathers in, if it does.
void GrowthFinder::follow_ways() {
  constexpr int64_t kWorthIt = 10;  // of all growth, the part that a group must be
  std::vector<Group> large;
  for (const auto& [path, group] : sums_) {
    if (group.bytes > 0 && group.bytes >= growth_.bytes / kWorthIt) large.push_back(group);
  }
  for (const Group& group : large) {
    const NodeIndex node = find_gathering(second_, in_second_.group, in_second_.anchor, group);
    if (node != kNone) move_below(group.path, node);
  }
}

void GrowthFinder::move_below(PathId from, NodeIndex anchor) {
  std::vector<bool> below(second_.graph.node_count(), false);
  for (const NodeIndex node : second_.reach.order) {
    if (node == kRoot || in_second_.group[node] != from) continue;
    const NodeIndex parent = second_.reach.parent[node];
    if (node != anchor && !below[parent]) continue;
    below[node] = true;
    const int64_t size = signed_size(second_.graph, node);
    add(from, -1, -size);
    add(path_of_[anchor], 1, size);
    in_second_.group[node] = path_of_[anchor];
    in_second_.anchor[node] = anchor;
    in_second_.level[node] = node == anchor
                                 ? uint8_t{0}
                                 : deeper(in_second_.level[parent], second_.graph.is_visible(node));
  }
}

void GrowthFinder::sort_groups() {
  for (const auto& [path, group] : sums_) {
    if (group.bytes > 0) growth_.groups.push_back(group);
  }
  std::sort(growth_.groups.begin(), growth_.groups.end(), [](const Group& a, const Group& b) {
    return a.bytes != b.bytes ? a.bytes > b.bytes : a.path < b.path;
  });
  sums_.clear();
}

std::vector<GroupDetail> GrowthFinder::detail(size_t groups) {
  groups = std::min(groups, growth_.groups.size());
  std::vector<GroupDetail> details(groups);
  std::unordered_map<PathId, size_t> index;
  for (size_t i = 0; i < groups; ++i) index[growth_.groups[i].path] = i;
  std::vector<NodeIndex> last(groups, kNone);  // the anchor before, in a walk by breadth

  const auto count = [](std::map<WordId, Tally>& tallies, WordId cls, int64_t objects,
                        int64_t bytes, NodeIndex sample) {
    Tally& tally = tallies[cls];
    tally.objects += objects;
    tally.bytes += bytes;
    if (sample != kNone) tally.sample = sample;
  };
  const auto add_anchor = [&](size_t i, NodeIndex anchor, const Anchor& named) {
    if (last[i] == anchor || details[i].anchors.size() >= kMostAnchors) return;
    last[i] = anchor;
    details[i].anchors.push_back(named);
    if (anchor != kNone &&
        (details[i].largest == kNone ||
         second_.dominators.retained[anchor] > second_.dominators.retained[details[i].largest])) {
      details[i].largest = anchor;
    }
  };

  for (const NodeIndex node : second_.reach.order) {
    const PathId group = in_second_.group[node];
    if (group == kOld || group == kOwn) {
      // An anchor whose own size grew has nothing new below it.
      const PathId path = path_of_[node];
      const auto at = index.find(path);
      if (group == kOld && at != index.end() && in_second_.anchor[node] == node &&
          second_.graph.size_of(node) != first_.graph.size_of(in_second_.other[node])) {
        add_anchor(at->second, node, {node, kNone, second_.graph.ids[node], 0, kNone});
      }
      continue;
    }
    const auto at = index.find(group);
    if (at == index.end()) continue;
    GroupDetail& detail = details[at->second];
    const NodeIndex anchor = in_second_.anchor[node];
    Anchor named{anchor, kNone, second_.graph.ids[anchor], 0, kNone};
    if (in_second_.group[anchor] != kOld) {
      const NodeIndex holder = second_.reach.parent[anchor];
      named.holder = holder;
      named.holder_id = second_.graph.ids[holder];
      named.label = second_names_.label_of(holder, second_.reach.via[anchor]);
    }
    add_anchor(at->second, anchor, named);
    const WordId cls = second_names_.class_of(node);
    const int64_t bytes = signed_size(second_.graph, node);
    count(detail.kinds, cls, 1, bytes, node);
    if (in_second_.level[node] == 1 && second_.graph.is_visible(node)) {
      count(detail.entries, cls, 1, bytes, node);
    }
  }
  for (const NodeIndex node : first_.reach.order) {
    const PathId group = in_first_.group[node];
    if (group == kOld || group == kOwn) continue;
    const auto at = index.find(group);
    if (at == index.end()) continue;
    GroupDetail& detail = details[at->second];
    const WordId cls = first_names_.class_of(node);
    const int64_t bytes = -signed_size(first_.graph, node);
    count(detail.kinds, cls, -1, bytes, kNone);
    if (in_first_.level[node] == 1 && first_.graph.is_visible(node)) {
      count(detail.entries, cls, -1, bytes, kNone);
    }
  }
  for (size_t i = 0; i < groups; ++i) {
    std::vector<Anchor>& anchors = details[i].anchors;
    const auto by_id = [](const Anchor& a, const Anchor& b) { return a.id < b.id; };
    const auto same_id = [](const Anchor& a, const Anchor& b) { return a.id == b.id; };
    std::sort(anchors.begin(), anchors.end(), by_id);
    anchors.erase(std::unique(anchors.begin(), anchors.end(), same_id), anchors.end());
  }
  return details;
}

}  // namespace silt::heap
