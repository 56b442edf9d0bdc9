// SPDX-License-Identifier: Apache-2.0
//
// Steps as text; see the header.

#include "symbolizer/heap/paths.h"

#include <algorithm>

namespace silt::heap {
namespace {

constexpr size_t kMostLabels = 4;    // labels
constexpr size_t kMostSteps = 1000;  // of a list without an end the ends are enough

}  // namespace

PathText::PathText(const Graph& graph, const Reach& reach, Words& words, bool hide_keys)
    : graph_(graph), reach_(reach), naming_(graph, words), hide_keys_(hide_keys) {
  for (const Location& location : graph.locations) {
    const NodeIndex node = location.node;
    if (graph.types[node] != NodeType::kClosure) continue;
    const EdgeIndex begin = graph.edges_begin(node);
    const EdgeIndex end = begin + std::min(kMostLookedAt, graph.edges_end(node) - begin);
    for (EdgeIndex edge = begin; edge != end; ++edge) {
      if (graph.edge_types[edge] != EdgeType::kInternal || graph.edge_name(edge) != "context") {
        continue;
      }
      function_of_.try_emplace(graph.edge_targets[edge], node);
      break;
    }
  }
}

// From the first step below the root to `node`.
std::vector<PathText::Way> PathText::shortest_way(NodeIndex node) const {
  std::vector<Way> way;
  for (NodeIndex at = node; at != kRoot && reach_.parent[at] != kNone; at = reach_.parent[at]) {
    way.push_back({reach_.parent[at], reach_.via[at], at});
  }
  std::reverse(way.begin(), way.end());
  return way;
}

// The same, but for what V8's roots hold themselves, as they do all that a running function uses:
// that has no name there. Where a variable or property holds it too, the way through that one.
std::vector<PathText::Way> PathText::named_way(NodeIndex node) const {
  std::vector<Way> way = shortest_way(node);
  if (way.empty() || graph_.types[way.back().from] != NodeType::kSynthetic ||
      graph_.types[node] == NodeType::kSynthetic || way.back().from == kRoot) {
    return way;
  }
  constexpr int kMostTried = 100;
  int tried = 0;
  for (EdgeIndex edge = 0; edge < graph_.edge_count(); ++edge) {
    if (graph_.edge_targets[edge] != node) continue;
    const EdgeType type = graph_.edge_types[edge];
    if (type != EdgeType::kContext && type != EdgeType::kProperty) continue;
    const auto after = std::upper_bound(graph_.edge_begins.begin(), graph_.edge_begins.end(), edge);
    const auto from = static_cast<NodeIndex>(after - graph_.edge_begins.begin() - 1);
    if (!reach_.is_kept(from) || !naming_.is_own_label(from, edge) ||
        graph_.is_machinery(from, edge)) {
      continue;
    }
    if (++tried > kMostTried) break;
    std::vector<Way> other = shortest_way(from);
    const bool goes_through_it = std::any_of(other.begin(), other.end(),
                                             [node](const Way& step) { return step.to == node; });
    if (goes_through_it) continue;
    other.push_back({from, edge, node});
    return other;
  }
  return way;
}

// Variables belong to a scope, which has no name; a function that was made in it has.
std::string PathText::file_of_context(NodeIndex context) const {
  const auto at = function_of_.find(context);
  return at == function_of_.end() ? std::string() : naming_.script_of(at->second);
}

bool PathText::is_hidden(NodeIndex from, EdgeIndex edge) const {
  return hide_keys_ && graph_.edge_types[edge] == EdgeType::kProperty &&
         !naming_.is_own_label(from, edge);
}

std::string PathText::label_of(NodeIndex from, EdgeIndex edge) const {
  return is_hidden(from, edge) ? std::string(kKeyLabel) : naming_.label_text(from, edge);
}

void PathText::describe(NodeIndex node, Finding& finding) const {
  finding.what = naming_.class_text(node);
  std::vector<std::string> labels;
  std::string file;
  for (const auto& [parent, edge, at] : named_way(node)) {
    PathStep step;
    step.label = label_of(parent, edge);
    step.what = naming_.class_text(at);
    if (graph_.types[at] == NodeType::kClosure) step.place = naming_.place_of(at);
    const EdgeType type = graph_.edge_types[edge];
    if (type == EdgeType::kContext) {
      labels = {step.label};  // a variable: what leads to its scope is no part of its name
      file = file_of_context(parent);
    } else if (is_hidden(parent, edge) && !labels.empty()) {
      labels.back() += kKeyLabel;
    } else if (type == EdgeType::kProperty) {
      // The nodes of a list are one step.
      if (labels.empty() || labels.back() != step.label) labels.push_back(step.label);
    } else if (type == EdgeType::kElement && !labels.empty()) {
      labels.back() += kEntryLabel;
    } else if (parent == kRoot && graph_.types[at] != NodeType::kSynthetic) {
      labels = {step.what};
    }
    if (graph_.types[at] == NodeType::kClosure || naming_.is_context(at)) {
      const std::string script =
          naming_.is_context(at) ? file_of_context(at) : naming_.script_of(at);
      if (!script.empty()) file = script;
    }
    std::vector<PathStep>& path = finding.path;
    if (!path.empty() && path.back().what == step.what && path.back().label == step.label) {
      ++path.back().repeats;
    } else {
      path.push_back(std::move(step));
    }
  }
  if (finding.path.size() > kMostSteps) {
    finding.path.erase(finding.path.begin() + kMostSteps / 2, finding.path.end() - kMostSteps / 2);
  }
  const size_t begin = labels.size() > kMostLabels ? labels.size() - kMostLabels : 0;
  for (size_t i = begin; i < labels.size(); ++i) {
    if (!finding.name.empty() && !labels[i].starts_with('[')) finding.name += '.';
    finding.name += labels[i];
  }
  if (begin != 0) finding.name = "…" + finding.name;
  finding.place = graph_.types[node] == NodeType::kClosure ? naming_.place_of(node) : file;
}

std::vector<std::string> PathText::inside(NodeIndex node, NodeIndex entry) const {
  std::vector<std::string> labels;
  if (entry == kNone) return labels;
  constexpr int kFarthest = 64;
  NodeIndex at = entry;
  for (int i = 0; i < kFarthest && at != kNone && at != node; ++i) {
    const NodeIndex parent = reach_.parent[at];
    if (parent == kNone) return {};
    std::string label = label_of(parent, reach_.via[at]);
    if (at != entry && !label.empty() && !label.starts_with('['))
      labels.push_back(std::move(label));
    at = parent;
  }
  if (at != node) return {};
  std::reverse(labels.begin(), labels.end());
  return labels;
}

}  // namespace silt::heap
