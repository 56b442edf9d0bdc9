// SPDX-License-Identifier: Apache-2.0
//
// See the header. A stack of the heap and one of the profiler's blocks are the same when their
// innermost functions are.

#include "symbolizer/symbolize/managed_stacks.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "symbolizer/read/sampler_stacks.h"
#include "symbolizer/read/stack_nodes.h"

namespace silt::symbolize {
namespace {

using read::GenerationCount;
using read::NodeId;
using read::Recording;
using read::Sample;
using read::Stack;

constexpr char kSampler[] = "_ZN2v88internal20SamplingHeapProfiler12SampleObjectEmm";
// So many innermost functions tell a stack; the heap's profiler keeps no more than some of them.
constexpr size_t kToldBy = 8;
// A share of a stack's samples that is smaller stays with the largest.
constexpr double kSmallest = 0.02;
// Of the samples of a function whose line is known, so many must be of one line to name it.
constexpr double kMostOfThem = 0.5;

using Weights = std::map<std::pair<uint32_t, int>, double>;  // by snapshot and birth; -1: any

// What was made by the compiled function itself, or by these that were inlined into it.
struct Way {
  std::vector<Frame> inlined;  // innermost first
  Weights weights;
  double all = 0;
  std::map<std::pair<uint32_t, uint32_t>, double> places;  // by line and column
  std::pair<uint32_t, uint32_t> place{};                   // of what is added to it now
};
using Ways = std::map<std::string, Way>;

bool is_script(const Frame& frame) {
  return frame.kind == FrameKind::kJavaScript && frame.line != 0 && !frame.file.empty();
}

bool same(const Frame& a, const Frame& b) {
  return a.function == b.function && a.file == b.file && a.line == b.line &&
         (a.column == b.column || a.column == 0 || b.column == 0);
}

std::string text_of(const Frame& frame, bool columns) {
  return frame.file + ":" + std::to_string(frame.line) +
         (columns ? ":" + std::to_string(frame.column) : "") + "\n";
}

void add_weights(Way& way, const Stack& stack) {
  for (const Sample& sample : stack.samples) {
    const auto blocks = static_cast<double>(sample.live_blocks);
    way.weights[{sample.snapshot, -1}] += blocks;
    way.all += blocks;
    for (const GenerationCount& born : sample.generations) {
      way.weights[{sample.snapshot, born.code}] += static_cast<double>(born.blocks);
    }
  }
}

class Parting {
 public:
  Parting(Recording& recording, Symbolizer& names) : recording_(recording), names_(names) {}

  void run() {
    read_sampler_stacks();
    if (ways_.empty()) return;
    read_script_nodes();
    const size_t stacks = recording_.stacks.size();
    for (size_t i = 0; i < stacks; ++i) {
      if (recording_.stacks[i].heap == read::Heap::kManaged) part(i);
    }
    std::erase_if(recording_.stacks, [](const Stack& stack) {
      return stack.heap == read::Heap::kManaged && stack.samples.empty();
    });
    for (const auto& [node, places] : places_) put_place(node, places);
  }

 private:
  using Places = std::map<std::pair<uint32_t, uint32_t>, double>;

  // The compiled functions of a stack, innermost first, and the node of the first.
  std::vector<Frame> functions_of(const Stack& stack, NodeId* innermost) {
    std::vector<Frame> functions;
    for (const NodeId node : read::StackNodes(recording_, stack)) {
      if (functions.size() == kToldBy) break;
      if (names_.module_of(node)) continue;  // V8's own
      const Frame& function = names_.node_frames(node).back();
      if (!is_script(function)) continue;
      if (functions.empty() && innermost != nullptr) *innermost = node;
      functions.push_back(function);
    }
    return functions;
  }

  std::string key_of(const std::vector<Frame>& functions) const {
    std::string key;
    for (const Frame& frame : functions) key += text_of(frame, columns_);
    return key;
  }

  void read_sampler_stacks() {
    struct Unsure {
      std::string key;
      std::vector<FrameList> candidates;
      const Stack* stack;
    };
    std::vector<std::pair<std::vector<Frame>, NodeId>> all;
    for (const Stack& stack : recording_.sampler_stacks) {
      auto& [functions, innermost] = all.emplace_back();
      functions = functions_of(stack, &innermost);
      // Versions of node before 20 tell no columns of compiled code.
      for (const Frame& frame : functions) columns_ = columns_ && frame.column != 0;
    }
    std::vector<Unsure> unsure;
    for (size_t i = 0; i < all.size(); ++i) {
      if (all[i].first.empty()) continue;
      const Stack& stack = recording_.sampler_stacks[i];
      std::string key = key_of(all[i].first);
      std::vector<FrameList> candidates = names_.candidates(all[i].second);
      if (candidates.empty()) {
        add_to(way_of(key, names_.node_frames(all[i].second)), stack);
      } else {
        unsure.push_back({std::move(key), std::move(candidates), &stack});
      }
    }
    // Those that are unsure go where most of the others are.
    std::vector<std::pair<Way*, const Stack*>> settled;
    for (const Unsure& one : unsure) {
      Way* best = nullptr;
      for (const FrameList& candidate : one.candidates) {
        Way& way = way_of(one.key, candidate);
        if (best == nullptr || way.all > best->all) best = &way;
      }
      settled.emplace_back(best, one.stack);
    }
    for (const auto& [way, stack] : settled) add_to(*way, *stack);
    for (auto& [key, ways] : ways_) {
      std::erase_if(ways, [](const auto& way) { return way.second.all == 0; });
    }
  }

  Way& way_of(const std::string& key, const FrameList& frames) {
    const size_t count = frames.size() - 1;
    std::string inlined;
    for (size_t i = 0; i < count; ++i) inlined += text_of(frames[i], true);
    Way& way = ways_[key][inlined];
    if (way.inlined.empty()) {
      way.inlined.assign(frames.begin(), frames.begin() + static_cast<std::ptrdiff_t>(count));
    }
    way.place = {frames.front().call_line, frames.front().call_column};
    return way;
  }

  static void add_to(Way& way, const Stack& stack) {
    const double before = way.all;
    add_weights(way, stack);
    if (way.place.first != 0) way.places[way.place] += way.all - before;
  }

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
    const auto found = ways_.find(key_of(functions_of(recording_.stacks[index], nullptr)));
    if (found == ways_.end() || found->second.empty()) return;
    const NodeId leaf = recording_.stacks[index].leaf;
    std::vector<const Way*> ways;
    double all = 0;
    for (const auto& [inlined, way] : found->second) {
      ways.push_back(&way);
      all += way.all;
    }
    std::stable_sort(ways.begin(), ways.end(),
                     [](const Way* a, const Way* b) { return a->all > b->all; });
    while (ways.size() > 1 && ways.back()->all < kSmallest * all) ways.pop_back();
    for (const Way* way : ways) {
      Places& places = places_[leaf_of(leaf, *way)];
      for (const auto& [place, weight] : way->places) places[place] += weight;
    }
    if (ways.size() == 1 && ways[0]->inlined.empty()) return;
    Stack whole = std::move(recording_.stacks[index]);
    recording_.stacks[index] = Stack{whole.id, leaf, whole.heap, whole.missing, {}, {}, 0};
    for (size_t i = 0; i < ways.size(); ++i) {
      const size_t to = stack_of(leaf_of(leaf, *ways[i]));
      give(whole, ways, i, all, recording_.stacks[to]);
    }
  }

  NodeId leaf_of(NodeId leaf, const Way& way) {
    for (auto frame = way.inlined.rbegin(); frame != way.inlined.rend(); ++frame) {
      leaf = child_of(leaf, *frame);
    }
    return leaf;
  }

  // The sum over the first `count` ways, as a share of all: what the parts up to there have.
  static double share_up_to(const std::vector<const Way*>& ways, size_t count, uint32_t snapshot,
                            int birth, double all) {
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

  void give(const Stack& whole, const std::vector<const Way*>& ways, size_t which, double all,
            Stack& to) {
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

  void put_place(NodeId node, const Places& places) {
    double all = 0;
    const std::pair<const std::pair<uint32_t, uint32_t>, double>* most = nullptr;
    for (const auto& place : places) {
      all += place.second;
      if (most == nullptr || place.second > most->second) most = &place;
    }
    if (most == nullptr || most->second < kMostOfThem * all) return;
    names_.put_call_place(node, most->first.first, most->first.second);
  }

  Recording& recording_;
  Symbolizer& names_;
  bool columns_ = true;
  std::map<std::string, Ways> ways_;
  std::unordered_map<NodeId, std::vector<NodeId>> children_;
  std::unordered_map<NodeId, size_t> stack_at_;
  std::map<NodeId, Places> places_;
};

}  // namespace

void put_compiled_calls(Recording& recording, Symbolizer& names) {
  const bool profiled =
      std::any_of(recording.stacks.begin(), recording.stacks.end(),
                  [](const Stack& stack) { return stack.heap == read::Heap::kManaged; });
  if (!profiled) return;
  if (recording.sampler_stacks.empty()) {
    // The library finds only what node exports, which is not all from version 24 on.
    const auto [start, end] = names.code_of(kSampler);
    if (end != 0) read::take_sampler_stacks(recording, start, end, true);
  }
  if (!recording.sampler_stacks.empty()) Parting(recording, names).run();
}

}  // namespace silt::symbolize
