// SPDX-License-Identifier: Apache-2.0
//
// Works on numbers in the order of a depth-first walk, as the paper does; see the header.

#include "symbolizer/heap/dominators.h"

#include <utility>

namespace silt::heap {
namespace {

using Number = uint32_t;  // of a node in the order of the walk

class Finder {
 public:
  explicit Finder(const Graph& graph) : graph_(graph) {}

  Dominators find() {
    walk();
    gather_sources();
    dominate();
    return result();
  }

 private:
  // Numbers all that the root keeps.
  void walk() {
    const size_t nodes = graph_.node_count();
    number_.assign(nodes, kNone);
    std::vector<EdgeIndex> next(graph_.edge_begins.begin(), graph_.edge_begins.end() - 1);
    std::vector<NodeIndex> path;
    const auto enter = [&](NodeIndex node, Number parent) {
      number_[node] = static_cast<Number>(node_.size());
      node_.push_back(node);
      parent_.push_back(parent);
      path.push_back(node);
    };
    enter(kRoot, kNone);
    while (!path.empty()) {
      const NodeIndex node = path.back();
      const EdgeIndex end = graph_.edges_end(node);
      EdgeIndex& edge = next[node];
      while (edge != end &&
             (number_[graph_.edge_targets[edge]] != kNone || !graph_.keeps(node, edge))) {
        ++edge;
      }
      if (edge == end) {
        path.pop_back();
      } else {
        enter(graph_.edge_targets[edge++], number_[node]);
      }
    }
  }

  // For each number those from which an edge comes: a list of lists, one after the other.
  void gather_sources() {
    const size_t count = node_.size();
    source_begins_.assign(count + 1, 0);
    for_each_edge([this](Number, Number to) { ++source_begins_[to + 1]; });
    for (size_t i = 0; i < count; ++i) source_begins_[i + 1] += source_begins_[i];
    sources_.resize(source_begins_[count]);
    std::vector<EdgeIndex> at(source_begins_.begin(), source_begins_.end() - 1);
    for_each_edge([this, &at](Number from, Number to) { sources_[at[to]++] = from; });
  }

  template <typename Visit>
  void for_each_edge(Visit visit) {
    for (Number from = 0; from < node_.size(); ++from) {
      const NodeIndex node = node_[from];
      for (EdgeIndex edge = graph_.edges_begin(node); edge != graph_.edges_end(node); ++edge) {
        if (graph_.keeps(node, edge)) visit(from, number_[graph_.edge_targets[edge]]);
      }
    }
  }

  void dominate() {
    const size_t count = node_.size();
    semi_.resize(count);
    label_.resize(count);
    for (Number i = 0; i < count; ++i) semi_[i] = label_[i] = i;
    ancestor_.assign(count, kNone);
    immediate_.assign(count, 0);
    std::vector<Number> bucket(count, kNone);       // the first of those with this semidominator
    std::vector<Number> bucket_next(count, kNone);  // the one after it
    for (Number w = static_cast<Number>(count); w-- > 1;) {
      for (EdgeIndex i = source_begins_[w]; i != source_begins_[w + 1]; ++i) {
        const Number u = evaluate(sources_[i]);
        if (semi_[u] < semi_[w]) semi_[w] = semi_[u];
      }
      bucket_next[w] = bucket[semi_[w]];
      bucket[semi_[w]] = w;
      const Number parent = parent_[w];
      ancestor_[w] = parent;
      for (Number v = bucket[parent]; v != kNone; v = bucket_next[v]) {
        const Number u = evaluate(v);
        immediate_[v] = semi_[u] < semi_[v] ? u : parent;
      }
      bucket[parent] = kNone;
    }
    for (Number w = 1; w < count; ++w) {
      if (immediate_[w] != semi_[w]) immediate_[w] = immediate_[immediate_[w]];
    }
  }

  // The number with the smallest semidominator on the way up from `v`, below the root of its tree.
  Number evaluate(Number v) {
    if (ancestor_[v] == kNone) return v;
    compress(v);
    return label_[v];
  }

  void compress(Number v) {
    way_.clear();
    for (Number at = v; ancestor_[ancestor_[at]] != kNone; at = ancestor_[at]) way_.push_back(at);
    while (!way_.empty()) {
      const Number at = way_.back();
      way_.pop_back();
      const Number up = ancestor_[at];
      if (semi_[label_[up]] < semi_[label_[at]]) label_[at] = label_[up];
      ancestor_[at] = ancestor_[up];
    }
  }

  Dominators result() {
    Dominators found;
    const size_t nodes = graph_.node_count();
    found.immediate.assign(nodes, kNone);
    found.retained.assign(nodes, 0);
    for (Number w = static_cast<Number>(node_.size()); w-- > 0;) {
      const NodeIndex node = node_[w];
      found.retained[node] += graph_.size_of(node);
      if (w == 0) break;
      found.immediate[node] = node_[immediate_[w]];
      found.retained[found.immediate[node]] += found.retained[node];
    }
    found.order = std::move(node_);
    return found;
  }

  const Graph& graph_;
  std::vector<Number> number_;   // of each node; kNone: nothing keeps it
  std::vector<NodeIndex> node_;  // of each number
  std::vector<Number> parent_;   // in the walk
  std::vector<EdgeIndex> source_begins_;
  std::vector<Number> sources_;
  std::vector<Number> semi_, label_, ancestor_, immediate_;
  std::vector<Number> way_;
};

}  // namespace

Dominators find_dominators(const Graph& graph) { return Finder(graph).find(); }

}  // namespace silt::heap
