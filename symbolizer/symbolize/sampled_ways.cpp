// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/symbolize/sampled_ways.h"

#include <string_view>

#include "symbolizer/read/stack_nodes.h"

namespace silt::symbolize {
namespace {

using read::GenerationCount;
using read::NodeId;
using read::Sample;
using read::Stack;

// What stands for a place in a function that is interpreted is no address of a process.
constexpr uint64_t kFirstFunctionPc = uint64_t{1} << 47;

// What is unsure counts where nothing sure is known.
constexpr double kUnsure = 1e-6;

// So many innermost functions tell a stack; the heap's profiler keeps no more than some of them.
constexpr size_t kToldBy = 8;

bool is_script(const Frame& frame) {
  return frame.kind == FrameKind::kJavaScript && frame.line != 0 && !frame.file.empty();
}

std::string text_of(const Frame& frame, bool columns) {
  return frame.file + ":" + std::to_string(frame.line) +
         (columns ? ":" + std::to_string(frame.column) : "") + "\n";
}

// All blocks of a stack, which was so in its functions: the innermost node's frames, then those
// that called it.
void add_to(SampledWay& way, const Stack& stack, const FrameList& innermost,
            const std::vector<Frame>& functions, double trust) {
  const double before = way.all;
  for (const Sample& sample : stack.samples) {
    const auto blocks = static_cast<double>(sample.live_blocks);
    way.weights[{sample.snapshot, -1}] += blocks;
    way.all += blocks;
    for (const GenerationCount& born : sample.generations) {
      way.weights[{sample.snapshot, born.code}] += static_cast<double>(born.blocks);
    }
  }
  const size_t count = innermost.size() + functions.size() - 1;
  if (way.places.size() < count) way.places.resize(count);
  for (size_t i = 0; i < count; ++i) {
    const Frame& frame = i < innermost.size() ? innermost[i] : functions[i - innermost.size() + 1];
    const double weight = (way.all - before) * (i < innermost.size() ? trust : 1);
    if (frame.call_line == 0 || weight == 0) continue;
    way.places[i][{frame.call_line, frame.call_column}] += weight;
  }
}

}  // namespace

SampledWays::SampledWays(const read::Recording& recording, Symbolizer& names)
    : recording_(recording), names_(names) {
  read();
}

const Frame* SampledWays::function_of(NodeId node) const {
  if (names_.module_of(node)) return nullptr;  // V8's own
  const Frame& function = names_.node_frames(node).back();
  return is_script(function) ? &function : nullptr;
}

// Where an object is made in line, and the space at hand is used up, the runtime is called behind
// the code that is often run, which has no place of its own: that of compiled code is then the one
// before it, and what V8's interpreter has written down is where it called before. (Builtins stand
// in between where an object is not made in line; the interpreter's handlers of byte codes do
// always.) `inner`: what the function has called, innermost first.
double SampledWays::trust_in(NodeId function, const std::vector<NodeId>& inner) const {
  const auto name = [&](size_t from_function) -> std::string_view {
    if (from_function >= inner.size()) return {};
    return names_.node_frames(inner[inner.size() - 1 - from_function]).back().function;
  };
  const uint64_t pc = recording_.nodes[function].pc;
  const bool interpreted = pc >= kFirstFunctionPc && pc < read::kScriptPc;
  if (interpreted && name(0).empty()) return 0;
  const size_t runtime = interpreted && name(0).ends_with("Handler") ? 1 : 0;
  const bool in_line = name(runtime).find("CEntry") != std::string_view::npos &&
                       name(runtime + 1).find("Runtime_AllocateIn") != std::string_view::npos;
  if (!in_line) return 1;
  return interpreted ? 0 : kUnsure;
}

SampledWays::Functions SampledWays::functions_of(const Stack& stack) const {
  Functions functions;
  std::vector<NodeId> inner;
  for (const NodeId node : read::StackNodes(recording_, stack)) {
    if (functions.frames.size() == kToldBy) break;
    const Frame* const function = function_of(node);
    if (function == nullptr) {
      if (functions.frames.empty()) inner.push_back(node);
      continue;
    }
    if (functions.frames.empty()) {
      functions.innermost = node;
      functions.trust = trust_in(node, inner);
    }
    functions.frames.push_back(*function);
  }
  return functions;
}

std::string SampledWays::key_of(const Functions& functions) const {
  std::string key;
  for (const Frame& frame : functions.frames) key += text_of(frame, columns_);
  return key;
}

SampledWay& SampledWays::way_of(const std::string& key, const FrameList& frames) {
  const size_t count = frames.size() - 1;
  std::string inlined;
  for (size_t i = 0; i < count; ++i) inlined += text_of(frames[i], true);
  SampledWay& way = ways_[key][inlined];
  if (way.inlined.empty()) {
    way.inlined.assign(frames.begin(), frames.begin() + static_cast<std::ptrdiff_t>(count));
  }
  return way;
}

void SampledWays::read() {
  std::vector<Functions> all;
  for (const Stack& stack : recording_.sampler_stacks) {
    all.push_back(functions_of(stack));
    // Versions of node before 20 tell no columns of compiled code.
    for (const Frame& frame : all.back().frames) columns_ = columns_ && frame.column != 0;
  }
  struct Unsure {
    size_t stack;
    std::vector<FrameList> candidates;
  };
  std::vector<Unsure> unsure;
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i].frames.empty()) continue;
    std::vector<FrameList> candidates = names_.candidates(all[i].innermost);
    if (candidates.empty()) {
      const FrameList& frames = names_.node_frames(all[i].innermost);
      add_to(way_of(key_of(all[i]), frames), recording_.sampler_stacks[i], frames, all[i].frames,
             all[i].trust);
    } else {
      unsure.push_back({i, std::move(candidates)});
    }
  }
  // Those that are unsure go where most of the others are.
  struct Settled {
    SampledWay* way;
    size_t stack;
    const FrameList* frames;
  };
  std::vector<Settled> settled;
  for (const Unsure& one : unsure) {
    Settled best{};
    for (const FrameList& candidate : one.candidates) {
      SampledWay& way = way_of(key_of(all[one.stack]), candidate);
      if (best.way != nullptr && way.all <= best.way->all) continue;
      best = {&way, one.stack, &candidate};
    }
    settled.push_back(best);
  }
  for (const Settled& one : settled) {
    add_to(*one.way, recording_.sampler_stacks[one.stack], *one.frames, all[one.stack].frames,
           all[one.stack].trust);
  }
  for (auto& [key, ways] : ways_) {
    std::erase_if(ways, [](const auto& way) { return way.second.all == 0; });
  }
  std::erase_if(ways_, [](const auto& ways) { return ways.second.empty(); });
}

const SampledWays::Ways* SampledWays::of(const Stack& stack) const {
  const auto found = ways_.find(key_of(functions_of(stack)));
  return found == ways_.end() ? nullptr : &found->second;
}

}  // namespace silt::symbolize
