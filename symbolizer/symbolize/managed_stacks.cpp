// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/symbolize/managed_stacks.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "symbolizer/read/sampler_stacks.h"
#include "symbolizer/read/stack_nodes.h"
#include "symbolizer/symbolize/main_line.h"
#include "symbolizer/symbolize/sampled_ways.h"

namespace silt::symbolize {
namespace {

using read::GenerationCount;
using read::NodeId;
using read::Recording;
using read::Sample;
using read::Stack;

// A share of a stack's samples that is smaller stays with the largest.
constexpr double kSmallest = 0.02;

bool same(const Frame& a, const Frame& b) {
  return a.function == b.function && a.file == b.file && a.line == b.line &&
         (a.column == b.column || a.column == 0 || b.column == 0);
}

class Parting {
 public:
  Parting(Recording& recording, Symbolizer& names)
      : recording_(recording), names_(names), ways_(recording, names) {}

  void run() {
    if (ways_.empty()) return;
    read_script_nodes();
    const size_t stacks = recording_.stacks.size();
    for (size_t i = 0; i < stacks; ++i) {
      if (recording_.stacks[i].heap == read::Heap::kManaged) part(i);
    }
    std::erase_if(recording_.stacks, [](const Stack& stack) {
      return stack.heap == read::Heap::kManaged && stack.samples.empty();
    });
    for (Stack& stack : recording_.stacks) {
      const auto places = places_.find(stack.leaf);
      if (stack.heap != read::Heap::kManaged || places == places_.end()) continue;
      put_places(stack, places->second);
    }
  }

 private:
  using Places = std::vector<PlacesInScript>;  // of a stack's functions, innermost first

  void read_script_nodes() {
    for (uint32_t i = 1; i < number_of(recording_.nodes.next()); ++i) {
      const NodeId node{i};
      if (recording_.nodes[node].pc >= read::kScriptPc) {
        children_[recording_.nodes[node].parent].push_back(node);
      }
    }
    for (size_t i = 0; i < recording_.stacks.size(); ++i) {
      const Stack& stack = recording_.stacks[i];
      if (stack.heap == read::Heap::kManaged) stack_at_.emplace(stack.leaf, i);
    }
  }

  NodeId child_of(NodeId parent, const Frame& frame) {
    for (const NodeId child : children_[parent]) {
      if (same(names_.node_frames(child).front(), frame)) return child;
    }
    const NodeId child = recording_.nodes.next();
    const size_t place = recording_.script_frames.size();
    recording_.script_frames.push_back({frame.function, frame.file, frame.line, frame.column});
    recording_.nodes.push_back({parent, read::kScriptPc + place, 0});
    children_[parent].push_back(child);
    return child;
  }

  size_t stack_of(NodeId leaf) {
    const auto [at, added] = stack_at_.emplace(leaf, recording_.stacks.size());
    if (added) {
      Stack stack;
      stack.id = read::StackId{number_of(leaf)};
      stack.leaf = leaf;
      stack.heap = read::Heap::kManaged;
      recording_.stacks.push_back(std::move(stack));
    }
    return at->second;
  }

  void part(size_t index) {
    const SampledWays::Ways* const found = ways_.of(recording_.stacks[index]);
    if (found == nullptr) return;
    const NodeId leaf = recording_.stacks[index].leaf;
    std::vector<const SampledWay*> ways;
    double all = 0;
    for (const auto& [inlined, way] : *found) {
      ways.push_back(&way);
      all += way.all;
    }
    std::stable_sort(ways.begin(), ways.end(),
                     [](const SampledWay* a, const SampledWay* b) { return a->all > b->all; });
    while (ways.size() > 1 && ways.back()->all < kSmallest * all) ways.pop_back();
    if (ways.size() == 1 && ways[0]->inlined.empty()) return add_places(leaf, *ways[0]);
    Stack whole = std::move(recording_.stacks[index]);
    recording_.stacks[index] = Stack{whole.id, leaf, whole.heap, whole.missing, {}, {}, 0};
    for (size_t i = 0; i < ways.size(); ++i) {
      const NodeId to_leaf = leaf_of(leaf, *ways[i]);
      add_places(to_leaf, *ways[i]);
      const size_t to = stack_of(to_leaf);
      give(whole, ways, i, all, recording_.stacks[to]);
    }
  }

  NodeId leaf_of(NodeId leaf, const SampledWay& way) {
    for (auto frame = way.inlined.rbegin(); frame != way.inlined.rend(); ++frame) {
      leaf = child_of(leaf, *frame);
    }
    return leaf;
  }

  // The sum over the first `count` ways, as a share of all: what the parts up to there have.
  static double share_up_to(const std::vector<const SampledWay*>& ways, size_t count,
                            uint32_t snapshot, int birth, double all) {
    for (const int code : {birth, -1}) {
      double some = 0;
      double sum = 0;
      for (size_t i = 0; i < ways.size(); ++i) {
        const auto weight = ways[i]->weights.find({snapshot, code});
        if (weight == ways[i]->weights.end()) continue;
        sum += weight->second;
        if (i < count) some += weight->second;
      }
      if (sum > 0) return some / sum;
    }
    double some = 0;
    for (size_t i = 0; i < count; ++i) some += ways[i]->all;
    return count == ways.size() ? 1 : some / all;
  }

  static uint64_t between(uint64_t figure, double from, double to) {
    const auto whole = static_cast<double>(figure);
    return static_cast<uint64_t>(std::llround(whole * to) - std::llround(whole * from));
  }

  void give(const Stack& whole, const std::vector<const SampledWay*>& ways, size_t which,
            double all, Stack& to) {
    for (const Sample& sample : whole.samples) {
      const auto from_to = [&](int birth) {
        return std::pair(share_up_to(ways, which, sample.snapshot, birth, all),
                         share_up_to(ways, which + 1, sample.snapshot, birth, all));
      };
      const auto [from, end] = from_to(-1);
      Sample part;
      part.snapshot = sample.snapshot;
      part.samples = static_cast<uint32_t>(between(sample.samples, from, end));
      part.allocated_blocks = between(sample.allocated_blocks, from, end);
      part.allocated_bytes = between(sample.allocated_bytes, from, end);
      if (sample.generations.empty()) {
        part.live_blocks = between(sample.live_blocks, from, end);
        part.live_bytes = between(sample.live_bytes, from, end);
      }
      for (const GenerationCount& born : sample.generations) {
        const auto [born_from, born_end] = from_to(born.code);
        const GenerationCount share{born.code, between(born.blocks, born_from, born_end),
                                    between(born.bytes, born_from, born_end)};
        if (share.blocks == 0 && share.bytes == 0) continue;
        part.generations.push_back(share);
        part.live_blocks += share.blocks;
        part.live_bytes += share.bytes;
      }
      if (part.live_blocks != 0 || part.live_bytes != 0) add(to.samples, std::move(part));
    }
    const double share = ways[which]->all / all;
    to.threads_at = std::max(to.threads_at, whole.threads_at);
    for (const read::ThreadShare& thread : whole.threads) {
      const auto same = std::find_if(to.threads.begin(), to.threads.end(),
                                     [&](const auto& t) { return t.thread == thread.thread; });
      if (same != to.threads.end()) {
        same->bytes += thread.bytes * share;
      } else {
        to.threads.push_back({thread.thread, thread.bytes * share});
      }
    }
  }

  static void add(std::vector<Sample>& samples, Sample part) {
    const auto at = std::lower_bound(
        samples.begin(), samples.end(), part.snapshot,
        [](const Sample& sample, uint32_t snapshot) { return sample.snapshot < snapshot; });
    if (at == samples.end() || at->snapshot != part.snapshot) {
      samples.insert(at, std::move(part));
      return;
    }
    at->samples += part.samples;
    at->live_blocks += part.live_blocks;
    at->live_bytes += part.live_bytes;
    at->allocated_blocks += part.allocated_blocks;
    at->allocated_bytes += part.allocated_bytes;
    at->generations.add(part.generations.begin(), part.generations.size());
  }

  void add_places(NodeId leaf, const SampledWay& way) {
    Places& to = places_[leaf];
    if (to.size() < way.places.size()) to.resize(way.places.size());
    for (size_t i = 0; i < way.places.size(); ++i) {
      for (const auto& [place, weight] : way.places[i]) to[i][place] += weight;
    }
  }

  // Gives the stack nodes of its own, as far out as lines are known: other stacks call from other
  // lines of the same functions.
  void put_places(Stack& stack, const Places& places) {
    struct Told {
      NodeId node;
      std::optional<PlaceInScript> place;
    };
    std::vector<Told> inwards;
    size_t known = 0;     // of them, up to the outermost with a line
    size_t function = 0;  // innermost first
    for (const NodeId node : read::StackNodes(recording_, stack)) {
      if (function == places.size()) break;
      inwards.push_back({node, std::nullopt});
      if (ways_.function_of(node) == nullptr) continue;
      inwards.back().place = main_place(places[function++]);
      if (inwards.back().place) known = inwards.size();
    }
    if (known == 0) return;
    NodeId at = recording_.nodes[inwards[known - 1].node].parent;
    for (size_t i = known; i-- > 0;) at = told_node(at, inwards[i].node, inwards[i].place);
    stack.leaf = at;
  }

  NodeId told_node(NodeId parent, NodeId node, const std::optional<PlaceInScript>& place) {
    const auto [at, added] =
        told_.try_emplace({parent, node, place.value_or(PlaceInScript{0, 0})}, node);
    if (!added) return at->second;
    at->second = recording_.nodes.next();
    recording_.nodes.push_back({parent, recording_.nodes[node].pc, recording_.birth(node)});
    if (place) names_.put_call_place(at->second, place->first, place->second);
    return at->second;
  }

  Recording& recording_;
  Symbolizer& names_;
  const SampledWays ways_;
  std::unordered_map<NodeId, std::vector<NodeId>> children_;
  std::unordered_map<NodeId, size_t> stack_at_;
  std::map<NodeId, Places> places_;  // by the innermost node
  std::map<std::tuple<NodeId, NodeId, PlaceInScript>, NodeId> told_;
};

}  // namespace

void put_compiled_calls(Recording& recording, Symbolizer& names, const FunctionInModule& profiler) {
  const bool profiled =
      std::any_of(recording.stacks.begin(), recording.stacks.end(),
                  [](const Stack& stack) { return stack.heap == read::Heap::kManaged; });
  if (!profiled) return;
  if (recording.sampler_stacks.empty() && !profiler.linkage_name.empty()) {
    const auto [start, end] = names.code_of(profiler);
    if (end != 0) read::take_sampler_stacks(recording, start, end, true);
  }
  if (!recording.sampler_stacks.empty()) Parting(recording, names).run();
}

}  // namespace silt::symbolize
