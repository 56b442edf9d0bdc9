// SPDX-License-Identifier: Apache-2.0
//
// The walk in tiers; see the header.

#include "symbolizer/heap/reach.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace silt::heap {
namespace {

// What functions use that run while the snapshot is taken: it says nothing of who keeps it for
// long.
constexpr std::string_view kPassingRoots[] = {"(Handle scope)", "(Stack roots)"};

// Groups of roots that V8 keeps for itself: all that a program holds is reached in another way, or
// is one of V8's own objects. Sorted.
constexpr std::string_view kOwnRoots[] = {
    "(Bootstrapper)",
    "(Builtins)",
    "(Client heap)",
    "(Code flusher)",
    "(Compilation cache)",
    "(Extensions)",
    "(External strings)",
    "(Internalized strings)",
    "(Read-only object cache)",
    "(Read-only roots)",
    "(Relocatable)",
    "(Retain maps)",
    "(Shareable object cache)",
    "(SharedStruct type registry)",
    "(Smi roots)",
    "(Startup object cache)",
    "(Strong root list)",
    "(Strong roots)",
    "(Weak collections)",
    "(Weak roots)",
    "(Write barrier)",
};

// node's timers lie in rings, one for each duration, with a TimersList at the head of each. That is
// what keeps a timer that runs: a variable that has it too, to clear it, would give its neighbours
// a path through somebody else's variable. From the head this label leads to the newest first.
constexpr std::string_view kTimerClass = "Timeout";
constexpr std::string_view kTimerLabel = "_idleNext";

struct Step {
  NodeIndex from;
  EdgeIndex edge;
};

class Walk {
 public:
  explicit Walk(const Graph& graph) : graph_(graph) {
    reach_.parent.assign(graph.node_count(), kNone);
    reach_.via.assign(graph.node_count(), kNone);
    reach_.order.reserve(graph.node_count());
    for (size_t text = 0; text < graph.texts.size(); ++text) {
      if (graph.texts[text] == kTimerClass) timer_class_ = text;
    }
  }

  Reach walk() {
    reach_.order.push_back(kRoot);
    done_ = 1;
    std::vector<Step> handles;
    std::vector<Step> passing;
    std::vector<Step> own;
    for (EdgeIndex edge = graph_.edges_begin(kRoot); edge != graph_.edges_end(kRoot); ++edge) {
      if (!graph_.keeps(kRoot, edge)) continue;
      const NodeIndex to = graph_.edge_targets[edge];
      if (graph_.types[to] != NodeType::kSynthetic) {
        come({kRoot, edge});
      } else if (graph_.name_of(to) == "(GC roots)") {
        sort_groups(to, {kRoot, edge}, handles, passing, own);
      } else {
        handles.push_back({kRoot, edge});
      }
    }
    spread();
    for (const Step& step : handles) come(step);
    spread();
    for (const Step& step : passing) come(step);
    spread();
    spread_later(timers_);
    spread_later(machinery_);
    for (const Step& step : own) come(step);
    spread();
    spread_later(timers_);
    spread_later(machinery_);
    return std::move(reach_);
  }

 private:
  // The groups of roots are come to before what they hold: `to` is their group.
  void sort_groups(NodeIndex to, Step step, std::vector<Step>& handles, std::vector<Step>& passing,
                   std::vector<Step>& own) {
    if (is_known(to)) return;
    reach_.parent[to] = step.from;
    reach_.via[to] = step.edge;
    reach_.order.push_back(to);
    ++done_;  // its edges are sorted here
    std::swap(reach_.order.back(), reach_.order[done_ - 1]);
    for (EdgeIndex edge = graph_.edges_begin(to); edge != graph_.edges_end(to); ++edge) {
      if (!graph_.keeps(to, edge)) continue;
      const std::string_view name = graph_.name_of(graph_.edge_targets[edge]);
      if (std::binary_search(std::begin(kOwnRoots), std::end(kOwnRoots), name)) {
        own.push_back({to, edge});
      } else if (std::find(std::begin(kPassingRoots), std::end(kPassingRoots), name) !=
                 std::end(kPassingRoots)) {
        passing.push_back({to, edge});
      } else {
        handles.push_back({to, edge});
      }
    }
  }

  bool is_known(NodeIndex node) const { return node == kRoot || reach_.parent[node] != kNone; }

  void come(Step step) {
    const NodeIndex to = graph_.edge_targets[step.edge];
    if (is_known(to)) return;
    reach_.parent[to] = step.from;
    reach_.via[to] = step.edge;
    reach_.order.push_back(to);
  }

  void spread() {
    for (; done_ < reach_.order.size(); ++done_) {
      const NodeIndex from = reach_.order[done_];
      for (EdgeIndex edge = graph_.edges_begin(from); edge != graph_.edges_end(from); ++edge) {
        if (is_known(graph_.edge_targets[edge]) || !graph_.keeps(from, edge)) continue;
        if (graph_.is_machinery(from, edge)) {
          machinery_.push_back({from, edge});
        } else if (is_timer(graph_.edge_targets[edge]) && !is_ring(edge)) {
          timers_.push_back({from, edge});
        } else {
          come({from, edge});
        }
      }
    }
  }

  // And what is left for later meanwhile.
  void spread_later(std::vector<Step>& later) {
    while (!later.empty()) {
      const std::vector<Step> steps = std::exchange(later, {});
      for (const Step& step : steps) come(step);
      spread();
    }
  }

  bool is_ring(EdgeIndex edge) const {
    return graph_.edge_types[edge] == EdgeType::kProperty && graph_.edge_name(edge) == kTimerLabel;
  }

  // Not another class of that name.
  bool is_timer(NodeIndex node) const {
    if (graph_.names[node] != timer_class_ || graph_.types[node] != NodeType::kObject) return false;
    for (EdgeIndex edge = graph_.edges_begin(node); edge != graph_.edges_end(node); ++edge) {
      if (is_ring(edge)) return true;
    }
    return false;
  }

  const Graph& graph_;
  Reach reach_;
  size_t done_ = 0;  // of the order: their references were looked at
  std::vector<Step> machinery_;
  std::vector<Step> timers_;
  size_t timer_class_ = kNone;  // of the texts
};

}  // namespace

Reach find_reach(const Graph& graph) { return Walk(graph).walk(); }

}  // namespace silt::heap
