// SPDX-License-Identifier: Apache-2.0
//
// See stack_join.h.

#include "symbolizer/read/stack_join.h"

#include <algorithm>
#include <utility>

#include "symbolizer/read/generations.h"
#include "symbolizer/read/unfold.h"

namespace silt::read {
namespace {

constexpr uint32_t kNoStack = UINT32_MAX;
constexpr uint32_t kNoModule = UINT32_MAX;
// Of all snapshots of a recording together; one has 2^24 at most.
constexpr size_t kMostNodes = size_t{1} << 28;

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
  if (pc == kObjectMarker) return Heap::kObjects;
  switch (static_cast<format::Marker>(pc)) {
    case format::Marker::kMapping:
      return Heap::kMapping;
    case format::Marker::kManaged:
      return Heap::kManaged;
    default:
      return Heap::kNative;
  }
}

uint32_t birth_of(const Node& node, NodeId id) {
  return node.birth != 0 ? node.birth : number_of(id);
}

}  // namespace

NodeKey StackJoin::key_of(NodeId parent, uint64_t pc, uint32_t birth) const {
  NodeKey key{parent, 0, pc};
  if (modules_.overlapping())
    key.module = modules_.find(lookup_address(pc), birth).value_or(kNoModule);
  return key;
}

StackJoin::StackJoin(ByNode<Node> nodes, const std::vector<Module>& modules)
    : modules_(modules),
      nodes_(std::move(nodes)),
      oldest_twin_(nodes_.size()),
      missing_(nodes_.size()),
      stack_index_(nodes_.size(), kNoStack) {
  oldest_.reserve(nodes_.size());
  for (uint32_t i = 1; i < nodes_.size(); ++i) look_for_twins(NodeId{i});
}

// Parents are older than their children: a parent's oldest twin is known when its children come.
void StackJoin::look_for_twins(NodeId id) {
  const Node& node = nodes_[id];
  const NodeKey key = key_of(oldest_twin_[node.parent], node.pc, birth_of(node, id));
  oldest_twin_[id] = oldest_.add(key, id);
  missing_[id] = node.parent == kRootNode && node.pc < format::kFirstRealPc
                     ? missing_of_marker(node.pc)
                     : missing_[node.parent];
}

std::optional<ByNode<NodeId>> StackJoin::join(const ByNode<Node>& nodes) {
  if (nodes_.size() + nodes.size() > kMostNodes) return std::nullopt;
  ByNode<NodeId> joined(nodes.size());
  for (uint32_t i = 1; i < nodes.size(); ++i) {
    const NodeId id{i};
    const Node& node = nodes[id];
    const NodeId parent = joined[node.parent];
    // Mostly the nodes come in the same order again; looking there first saves most look-ups.
    const NodeId next{number_of(joined[NodeId{i - 1}]) + 1};
    if (nodes_.contains(next) && oldest_twin_[nodes_[next].parent] == parent &&
        nodes_[next].pc == node.pc && !modules_.overlapping()) {
      joined[id] = oldest_twin_[next];
      continue;
    }
    const NodeId new_id = nodes_.next();
    joined[id] = oldest_.add(key_of(parent, node.pc, birth_of(node, id)), new_id);
    if (joined[id] != new_id) continue;
    nodes_.push_back({parent, node.pc, node.birth});
    oldest_twin_.push_back(new_id);
    missing_.push_back(parent == kRootNode && node.pc < format::kFirstRealPc
                           ? missing_of_marker(node.pc)
                           : missing_[parent]);
    stack_index_.push_back(kNoStack);
  }
  return joined;
}

Stack& StackJoin::stack_of(NodeId node) {
  const NodeId id = oldest_twin_[node];
  if (stack_index_[id] == kNoStack) {
    stack_index_[id] = static_cast<uint32_t>(stacks_.size());
    Stack stack;
    stack.id = stack_id(id);
    stack.heap = heap_of_marker(nodes_[id].pc);
    stack.missing = missing_[id];
    stack.leaf = id;
    while (stack.leaf != kRootNode && nodes_[stack.leaf].pc < format::kFirstRealPc) {
      stack.leaf = oldest_twin_[nodes_[stack.leaf].parent];
    }
    stacks_.push_back(std::move(stack));
  }
  return stacks_[stack_index_[id]];
}

void StackJoin::add(uint32_t snapshot, const StackRows& rows, const ByNode<NodeId>& joined,
                    bool with_births) {
  numbered_anew_.resize(snapshot + 1);
  numbered_anew_[snapshot] = rows.own_numbers;
  const auto joined_node = [&](const StackRow& row) {
    return joined.empty() ? row.node : joined[row.node];
  };
  for (size_t i = 0; i < rows.rows.size(); ++i) {
    // Samples of different stacks lie far apart: where the next ones go is fetched meanwhile.
    constexpr size_t kAhead = 8;
    if (i + kAhead < rows.rows.size()) {
      const uint32_t ahead = stack_index_[oldest_twin_[joined_node(rows.rows[i + kAhead])]];
      if (ahead != kNoStack) {
        const std::vector<Sample>& samples = stacks_[ahead].samples;
        __builtin_prefetch(samples.data() + samples.size(), 1);
      }
    }
    const StackRow& row = rows.rows[i];
    if (row.allocated_blocks == 0 && row.allocated_bytes == 0 && row.live_blocks == 0 &&
        row.live_bytes == 0) {
      continue;
    }
    std::vector<Sample>& samples = stack_of(joined_node(row)).samples;
    if (samples.empty() || samples.back().snapshot != snapshot) {
      // A stack that has been in most snapshots will be in most of the others.
      if (samples.size() == samples.capacity() && samples.size() >= 8 &&
          2 * samples.size() > snapshot && snapshot < snapshots_) {
        samples.reserve(samples.size() + snapshots_ - snapshot);
      }
      samples.emplace_back().snapshot = snapshot;
    }
    Sample& sample = samples.back();
    sample.live_blocks += row.live_blocks;
    sample.live_bytes += row.live_bytes;
    sample.allocated_blocks += row.allocated_blocks;
    sample.allocated_bytes += row.allocated_bytes;
    if (!with_births) continue;
    const size_t end =
        i + 1 < rows.rows.size() ? rows.rows[i + 1].generations_begin : rows.generations.size();
    sample.generations.add(rows.generations.data() + row.generations_begin,
                           end - row.generations_begin);
  }
}

// Threads are numbered anew in each snapshot; one that was told with a name keeps it.
std::vector<uint32_t> StackJoin::join_threads(const std::vector<Thread>& threads) {
  std::vector<uint32_t> joined;
  for (const Thread& thread : threads) {
    const uint64_t key = uint64_t{thread.flags & format::kThreadRest} << 32 | thread.id;
    const auto [at, added] = thread_index_.try_emplace(key, static_cast<uint32_t>(threads_.size()));
    joined.push_back(at->second);
    if (added) {
      threads_.push_back(thread);
    } else {
      Thread& known = threads_[at->second];
      known.flags = thread.flags;
      if (!thread.name.empty()) known.name = thread.name;
    }
  }
  return joined;
}

void StackJoin::add_threads(uint32_t snapshot, const ThreadRows& threads, const StackRows& rows,
                            const ByNode<NodeId>& joined) {
  const std::vector<uint32_t> joined_threads = join_threads(threads.threads);
  size_t item = 0;
  for (const StackRow& row : rows.rows) {
    const uint32_t node = number_of(row.node);
    while (item < threads.items.size() && threads.items[item].end <= node) ++item;
    if (item == threads.items.size()) break;
    if (node < threads.items[item].first || row.allocated_blocks == 0) continue;
    Stack& stack = stack_of(joined.empty() ? row.node : joined[row.node]);
    if (stack.threads_at != snapshot) stack.threads.clear();
    stack.threads_at = snapshot;
    const size_t end = threads.shares_end(item);
    for (size_t i = threads.items[item].shares_begin; i < end; ++i) {
      const uint32_t thread = joined_threads[threads.shares[i].thread];
      const double bytes = static_cast<double>(threads.shares[i].percent) / 100 *
                           static_cast<double>(row.allocated_bytes);
      const auto same =
          std::find_if(stack.threads.begin(), stack.threads.end(),
                       [&](const ThreadShare& share) { return share.thread == thread; });
      if (same == stack.threads.end())
        stack.threads.push_back({thread, bytes});
      else
        same->bytes += bytes;
    }
  }
}

// The node below `node`; the root: there is none. Of pcs that lie in no module.
NodeId StackJoin::find_below(NodeId node, uint64_t pc) const {
  return oldest_.find(key_of(node, pc, 1));
}

// The frames of a runtime that stand in a stack, as the chain of their own that the recorder has
// them in, outermost first.
std::vector<NodeId> StackJoin::runtime_chain(NodeId node) const {
  std::vector<uint64_t> pcs;  // innermost first
  for (; node != kRootNode; node = oldest_twin_[nodes_[node].parent]) {
    if (nodes_[node].pc >= kScriptPc) pcs.push_back(nodes_[node].pc);
  }
  std::vector<NodeId> chain;
  const NodeId cut = find_below(kRootNode, static_cast<uint64_t>(format::Marker::kTruncated));
  for (const NodeId root : {kRootNode, cut}) {
    chain.clear();
    NodeId at = root;
    for (size_t i = pcs.size(); i-- > 0;) {
      at = find_below(at, pcs[i]);
      if (at == kRootNode) break;
      chain.push_back(at);
    }
    if (chain.size() == pcs.size()) break;
  }
  return chain;
}

std::vector<Stack> StackJoin::take_stacks() {
  std::vector<NodeId> chain;  // of the stack asked for last
  NodeId chain_of = kRootNode;
  unfold(stacks_, numbered_anew_, [&](const Stack& stack, uint32_t* from) {
    const NodeId counted_at{number_of(stack.id)};
    if (chain_of != counted_at) {
      chain = runtime_chain(counted_at);
      chain_of = counted_at;
    }
    const uint64_t pc = nodes_[counted_at].pc;
    const bool marked =
        pc == static_cast<uint64_t>(format::Marker::kMapping) || pc == kObjectMarker;
    // A stack with frames of a runtime is counted outwards along these alone.
    while (!chain.empty() && *from < chain.size()) {
      NodeId node = chain[chain.size() - ++*from];
      if (marked) node = find_below(node, pc);
      if (node != kRootNode && node != counted_at && stack_index_[node] != kNoStack) {
        return stack_index_[node];
      }
    }
    if (!chain.empty()) return kNoStack;
    // Outwards, node by node; a mapping's are the markers behind those nodes.
    NodeId at{*from};
    if (at == kRootNode) at = marked ? nodes_[counted_at].parent : counted_at;
    while (at != kRootNode) {
      at = oldest_twin_[nodes_[at].parent];
      *from = number_of(at);
      const NodeId node = marked ? find_below(at, pc) : at;
      if (node != kRootNode && stack_index_[node] != kNoStack) return stack_index_[node];
    }
    return kNoStack;
  });
  std::sort(stacks_.begin(), stacks_.end(),
            [](const Stack& a, const Stack& b) { return a.id < b.id; });
  for (Stack& stack : stacks_) stack.samples.shrink_to_fit();
  return std::move(stacks_);
}

}  // namespace silt::read
