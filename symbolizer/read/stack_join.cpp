// SPDX-License-Identifier: Apache-2.0
//
// One pass over the nodes finds the twins, because parents are older than their children: a
// parent's oldest twin is known when its children come.

#include "symbolizer/read/stack_join.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "symbolizer/read/generations.h"
#include "symbolizer/read/module_index.h"

namespace silt::read {
namespace {

constexpr uint32_t kNoStack = UINT32_MAX;

// A node by content. The module matters where another one was loaded at the same addresses later.
struct NodeKey {
  uint32_t parent;
  uint32_t module;
  uint64_t pc;
  bool operator==(const NodeKey&) const = default;
};

struct NodeKeyHash {
  size_t operator()(const NodeKey& key) const {
    uint64_t hash = key.pc * 0x9e3779b97f4a7c15 ^ key.parent;
    hash = (hash ^ (hash >> 29)) * 0xbf58476d1ce4e5b9 ^ key.module;
    return static_cast<size_t>(hash ^ (hash >> 32));
  }
};

Missing missing_of_marker(uint64_t pc) {
  switch (static_cast<format::Marker>(pc)) {
    case format::Marker::kTruncated:
      return Missing::kTruncated;
    case format::Marker::kBroken:
      return Missing::kBroken;
    case format::Marker::kOverflow:
      return Missing::kOverflow;
    default:
      return Missing::kNone;
  }
}

Heap heap_of_marker(uint64_t pc) {
  if (pc == kObjectMarker) return Heap::kPython;
  switch (static_cast<format::Marker>(pc)) {
    case format::Marker::kMapping:
      return Heap::kMapping;
    case format::Marker::kJavaScript:
      return Heap::kJavaScript;
    default:
      return Heap::kNative;
  }
}

}  // namespace

StackJoin::StackJoin(const std::vector<Node>& nodes, const std::vector<Module>& modules)
    : nodes_(nodes),
      oldest_twin_(nodes.size()),
      missing_(nodes.size()),
      stack_index_(nodes.size(), kNoStack) {
  const ModuleIndex index(modules);
  std::unordered_map<NodeKey, uint32_t, NodeKeyHash> oldest;
  oldest.reserve(nodes.size());
  for (uint32_t id = 1; id < nodes.size(); ++id) {
    const Node& node = nodes[id];
    NodeKey key{oldest_twin_[node.parent], 0, node.pc};
    if (index.overlapping())
      key.module = index.find(node.pc - 1, node.seen != 0 ? node.seen : id).value_or(UINT32_MAX);
    oldest_twin_[id] = oldest.try_emplace(key, id).first->second;
    missing_[id] = node.parent == 0 && node.pc < format::kFirstRealPc ? missing_of_marker(node.pc)
                                                                      : missing_[node.parent];
  }
}

Stack& StackJoin::stack_of(uint32_t node) {
  const uint32_t id = oldest_twin_[node];
  if (stack_index_[id] == kNoStack) {
    stack_index_[id] = static_cast<uint32_t>(stacks_.size());
    Stack stack;
    stack.id = id;
    stack.heap = heap_of_marker(nodes_[id].pc);
    stack.missing = missing_[id];
    stack.leaf = id;
    while (stack.leaf != 0 && nodes_[stack.leaf].pc < format::kFirstRealPc) {
      stack.leaf = oldest_twin_[nodes_[stack.leaf].parent];
    }
    stacks_.push_back(std::move(stack));
  }
  return stacks_[stack_index_[id]];
}

void StackJoin::add(uint32_t snapshot, const StackRows& rows) {
  for (size_t i = 0; i < rows.rows.size(); ++i) {
    const StackRow& row = rows.rows[i];
    if (row.allocated_blocks == 0 && row.allocated_bytes == 0 && row.live_blocks == 0 &&
        row.live_bytes == 0) {
      continue;
    }
    std::vector<Sample>& samples = stack_of(row.node).samples;
    if (samples.empty() || samples.back().snapshot != snapshot) {
      samples.emplace_back().snapshot = snapshot;
    }
    Sample& sample = samples.back();
    sample.live_blocks += row.live_blocks;
    sample.live_bytes += row.live_bytes;
    sample.allocated_blocks += row.allocated_blocks;
    sample.allocated_bytes += row.allocated_bytes;
    const size_t end =
        i + 1 < rows.rows.size() ? rows.rows[i + 1].generations_begin : rows.generations.size();
    add_generations(sample.generations, rows.generations.data() + row.generations_begin,
                    end - row.generations_begin);
  }
}

std::vector<Stack> StackJoin::take() {
  std::sort(stacks_.begin(), stacks_.end(),
            [](const Stack& a, const Stack& b) { return a.id < b.id; });
  for (Stack& stack : stacks_) stack.samples.shrink_to_fit();
  return std::move(stacks_);
}

}  // namespace silt::read
