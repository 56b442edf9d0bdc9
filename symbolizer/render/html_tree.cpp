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

namespace silt::render {
namespace {

using report::StackLine;

class TreeMaker {
 public:
  explicit TreeMaker(CallTree& tree) : tree_(tree) {
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
    leaf.live_bytes += stack.live_bytes.empty() ? 0 : stack.live_bytes.back();
    leaf.live_blocks += stack.live_blocks.empty() ? 0 : stack.live_blocks.back();
    leaf.allocated_bytes += stack.allocated_bytes;
    leaf.allocated_blocks += stack.allocated_blocks;
  }

 private:
  using Index = std::unordered_map<std::string, uint32_t>;

  uint32_t new_name(const symbolize::Frame& frame) {
    key_ = function_text(frame);
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
          tree_.names.push_back(std::move(name));
        },
        tree_.names);
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
    case read::Heap::kNative:
      break;
  }
  return "native heap";
}

}  // namespace

CallTree make_call_tree(const report::Report& report, const CallTreeLimits& limits) {
  CallTree tree;
  TreeMaker maker(tree);
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
