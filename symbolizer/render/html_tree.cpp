// SPDX-License-Identifier: Apache-2.0
//
// The tree of calls; see the header.

#include "symbolizer/render/html_tree.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "symbolizer/base/quantity.h"
#include "symbolizer/render/escape.h"
#include "symbolizer/render/words.h"
#include "symbolizer/report/origin.h"
#include "symbolizer/report/runtime.h"

namespace silt::render {
namespace {

using report::StackLine;

class TreeMaker {
 public:
  TreeMaker(CallTree& tree, bool managed) : tree_(tree), managed_(managed) {
    tree_.parent.push_back(CallTree::kNone);
    tree_.name.push_back(synthetic("all memory"));
  }

  uint32_t synthetic(const std::string& text) {
    return intern(
        names_, text, [&] { tree_.names.push_back({text}); }, tree_.names);
  }

  uint32_t name_of(const symbolize::Frame& frame) {
    const auto [known, is_new] = known_.try_emplace(&frame);
    if (is_new) known->second = new_name(frame);
    return known->second;
  }

  uint32_t child(uint32_t parent, uint32_t name) {
    const uint64_t key = uint64_t{parent} << 32 | name;
    const auto [at, added] = children_.try_emplace(key, static_cast<uint32_t>(tree_.name.size()));
    if (added) {
      tree_.parent.push_back(static_cast<int32_t>(parent));
      tree_.name.push_back(name);
    }
    return at->second;
  }

  void count(uint32_t node, int32_t finding, const StackLine& stack) {
    const uint64_t key = uint64_t{node} << 32 | static_cast<uint32_t>(finding);
    const auto [at, added] = leaves_.try_emplace(key, tree_.leaves.size());
    if (added) {
      tree_.leaves.emplace_back();
      tree_.leaves.back().node = node;
      tree_.leaves.back().finding = finding;
    }
    CallTree::Leaf& leaf = tree_.leaves[at->second];
    leaf.growth_bytes += stack.growth_bytes;
    leaf.growth_blocks += stack.growth_blocks;
    leaf.live_bytes += at_the_end(stack.live_bytes);
    leaf.live_blocks += at_the_end(stack.live_blocks);
    leaf.allocated_bytes += stack.allocated_bytes;
    leaf.allocated_blocks += stack.allocated_blocks;
    add_over_time(stack.live_bytes, leaf.bytes_over_time);
    add_over_time(stack.live_blocks, leaf.blocks_over_time);
  }

 private:
  using Index = std::unordered_map<std::string, uint32_t>;

  uint32_t new_name(const symbolize::Frame& frame) {
    key_ = without_unnamed(function_text(frame));
    const size_t text_size = key_.size();
    // Names hold no NUL: C strings brought them.
    key_ += '\0';
    key_ += frame.module;
    key_ += '\0';
    key_ += frame.file;
    return intern(
        names_, key_,
        [&] {
          CallTree::Name name;
          name.text = clean(key_.substr(0, text_size));
          name.module = string_index(modules_, frame.module, tree_.modules);
          name.file = string_index(files_, frame.file, tree_.files);
          name.code = code_of(frame, managed_);
          tree_.names.push_back(std::move(name));
        },
        tree_.names);
  }

  // At the last judged snapshot: what a program gives back when it ends is in use until then.
  uint64_t at_the_end(const std::vector<uint64_t>& values) const {
    if (values.empty()) return 0;
    return tree_.times.empty() ? values.back()
                               : values[std::min(tree_.times.back(), values.size() - 1)];
  }

  // What has fewer values than the report has snapshots was not seen at those after them.
  void add_over_time(const std::vector<uint64_t>& values, std::vector<uint64_t>& sums) const {
    sums.resize(tree_.times.size());
    for (size_t i = 0; i < sums.size(); ++i) {
      if (tree_.times[i] < values.size()) sums[i] += values[tree_.times[i]];
    }
  }

  template <typename Add, typename List>
  static uint32_t intern(Index& index, const std::string& key, Add add, const List& list) {
    const auto [at, added] = index.try_emplace(key, static_cast<uint32_t>(list.size()));
    if (added) add();
    return at->second;
  }

  static int32_t string_index(Index& index, const std::string& text,
                              std::vector<std::string>& list) {
    if (text.empty()) return CallTree::kNone;
    return static_cast<int32_t>(intern(
        index, text, [&] { list.push_back(clean(text)); }, list));
  }

  CallTree& tree_;
  bool managed_;
  Index names_;
  Index modules_;
  Index files_;
  std::unordered_map<uint64_t, uint32_t> children_;
  std::unordered_map<uint64_t, size_t> leaves_;
  std::unordered_map<const symbolize::Frame*, uint32_t> known_;  // lists share their frames
  std::string key_;
};

// Most telling first: by the largest share in any of the three views.
std::vector<size_t> by_weight(const std::vector<StackLine>& stacks) {
  double growth = 1;
  double live = 1;
  double allocated = 1;
  const auto live_of = [](const StackLine& stack) {
    return stack.live_bytes.empty() ? 0.0 : static_cast<double>(stack.live_bytes.back());
  };
  for (const StackLine& stack : stacks) {
    growth += std::abs(static_cast<double>(stack.growth_bytes));
    live += live_of(stack);
    allocated += static_cast<double>(stack.allocated_bytes);
  }
  std::vector<double> weight;
  weight.reserve(stacks.size());
  for (const StackLine& stack : stacks) {
    weight.push_back(
        std::max({std::abs(static_cast<double>(stack.growth_bytes)) / growth, live_of(stack) / live,
                  static_cast<double>(stack.allocated_bytes) / allocated}));
  }
  std::vector<size_t> order(stacks.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&weight](size_t a, size_t b) { return weight[a] > weight[b]; });
  return order;
}

std::string heap_title(read::Heap heap) {
  switch (heap) {
    case read::Heap::kMapping:
      return "anonymous mappings";
    case read::Heap::kManaged:
      return "JavaScript heap";
    case read::Heap::kObjects:
      return "Python objects";
    case read::Heap::kJava:
      return "Java heap";
    case read::Heap::kNative:
      break;
  }
  return "native heap";
}

// Evenly over what is judged, from its first snapshot to its last.
std::vector<size_t> times_of(const report::Report& report, const CallTreeLimits& limits) {
  const size_t judged = judged_count(report);
  const size_t leaves = std::clamp<size_t>(report.stacks.size(), 1, limits.stacks + 1);
  const size_t most = std::clamp<size_t>(limits.values / (2 * leaves), 2, limits.times);
  std::vector<size_t> times;
  const size_t count = std::min(judged, most);
  for (size_t i = 0; i < count; ++i) {
    times.push_back(count < 2 ? 0 : i * (judged - 1) / (count - 1));
  }
  return times;
}

}  // namespace

const char* code_word(Code code) {
  switch (code) {
    case Code::kApp:
      return "app";
    case Code::kDependencies:
      return "dependencies";
    case Code::kRuntime:
      return "runtime";
    case Code::kNative:
      return "native";
    case Code::kNone:
      break;
  }
  return "";
}

bool has_managed_code(const report::Report& report) {
  for (const StackLine& stack : report.stacks) {
    for (const symbolize::Frame& frame : stack.frames) {
      if (report::find_runtime(frame.kind) != nullptr) return true;
    }
  }
  return false;
}

Code code_of(const symbolize::Frame& frame, bool managed) {
  switch (report::origin_of(frame)) {
    case report::Origin::kUser:
    case report::Origin::kWrapper:
      return Code::kApp;
    case report::Origin::kLibrary:
      return Code::kDependencies;
    case report::Origin::kAllocator:
    case report::Origin::kRuntime:
      break;
  }
  return managed && report::find_runtime(frame.kind) == nullptr ? Code::kNative : Code::kRuntime;
}

CallTree make_call_tree(const report::Report& report, const CallTreeLimits& limits) {
  CallTree tree;
  tree.times = times_of(report, limits);
  TreeMaker maker(tree, has_managed_code(report));
  std::unordered_map<read::StackId, int32_t> findings;
  for (size_t i = 0; i < report.findings.size(); ++i) {
    for (const read::StackId id : report.findings[i].stacks) {
      findings.emplace(id, static_cast<int32_t>(i));
    }
  }
  const bool several_heaps = std::any_of(
      report.stacks.begin(), report.stacks.end(),
      [&report](const StackLine& stack) { return stack.heap != report.stacks.front().heap; });
  const std::vector<size_t> order = by_weight(report.stacks);
  std::vector<size_t> others;
  for (const size_t index : order) {
    const StackLine& stack = report.stacks[index];
    const auto found = findings.find(stack.id);
    const int32_t finding = found == findings.end() ? CallTree::kNone : found->second;
    if (tree.stacks_shown >= limits.stacks ||
        tree.parent.size() + stack.frames.size() + 3 > limits.nodes) {
      others.push_back(index);
      continue;
    }
    ++tree.stacks_shown;
    uint32_t node = 0;
    if (several_heaps) node = maker.child(node, maker.synthetic(heap_title(stack.heap)));
    if (stack.missing != read::Missing::kNone) {
      node = maker.child(node, maker.synthetic("(" + missing_text(stack.missing) + ")"));
    }
    for (size_t i = stack.frames.size(); i > 0; --i) {
      node = maker.child(node, maker.name_of(stack.frames[i - 1]));
    }
    maker.count(node, finding, stack);
  }
  tree.stacks_summed = others.size();
  if (!others.empty()) {
    const std::string title =
        "(" + format_counted(static_cast<double>(others.size()), "smaller stack") + ")";
    const uint32_t node = maker.child(0, maker.synthetic(title));
    for (const size_t index : others) {
      const auto found = findings.find(report.stacks[index].id);
      maker.count(node, found == findings.end() ? CallTree::kNone : found->second,
                  report.stacks[index]);
    }
  }
  return tree;
}

}  // namespace silt::render
