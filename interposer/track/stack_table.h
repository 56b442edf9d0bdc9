// SPDX-License-Identifier: Apache-2.0
//
// The stack table: a tree whose node is (parent node, pc), so that a stack is its innermost node.
// Nodes lie in a dense array indexed by id; a lock-free hash table finds the child of a node by pc.
// Stacks at which something was allocated get a second, denser id, by which counters are indexed.
//
// Writers: any thread. A node is filled before its id is published in the hash table (release) and
// never changes afterwards, but for its hint and for `parent`, which gets kRetired when the code
// at its pc was unloaded. While the table grows, a node that another thread adds to the old one
// may be forgotten and added again later: two nodes for one place, which readers of a snapshot
// join; no count is ever lost. Hook context.

#ifndef SILT_INTERPOSER_TRACK_STACK_TABLE_H_
#define SILT_INTERPOSER_TRACK_STACK_TABLE_H_

#include <atomic>
#include <cstdint>

#include "interposer/base/attributes.h"
#include "interposer/base/memory.h"

namespace silt::track {

using NodeId = uint32_t;   // 0: the root
using StackId = uint32_t;  // 0: none

// Ids fit the 24 bits that a live block's cell has for them.
inline constexpr uint32_t kStackIdBits = 24;
inline constexpr StackId kMaximumStacks = (uint32_t{1} << kStackIdBits) - 1;

// The stack of allocations whose own stack did not fit; made first.
inline constexpr StackId kOverflowStack = 1;

class StackTable {
 public:
  // Makes the overflow stack. Normal context, once.
  bool initialize(uint64_t overflow_marker);

  // The child of `parent` at `pc`, made if need be; 0 when the table is full.
  SILT_ALWAYS_INLINE NodeId child(NodeId parent, uint64_t pc) {
    const NodeId hint = nodes_[parent].hint.load(std::memory_order_relaxed);
    if (hint != 0) [[likely]] {
      const Node& node = nodes_[hint];
      if (node.pc == pc && node.parent.load(std::memory_order_relaxed) == parent) return hint;
    }
    return child_slow(parent, pc);
  }

  // The stack that ends at this node; kOverflowStack when ids ran out.
  SILT_ALWAYS_INLINE StackId stack_of(NodeId node) {
    const StackId known = nodes_[node].stack.load(std::memory_order_relaxed);
    return known != 0 ? known : stack_of_slow(node);
  }

  // Nodes whose pc lies in [start, end) will not be found any more: other code may come there.
  void retire(uint64_t start, uint64_t end);

  // In the child of a fork: whoever was growing the table is not there any more.
  void finish_fork_in_child() { growing_.store(false, std::memory_order_relaxed); }

  // Ids below these were handed out; the newest ones may still be being filled.
  NodeId node_count() const { return next_node_.load(std::memory_order_acquire); }
  StackId stack_count() const { return next_stack_.load(std::memory_order_acquire); }

  // For the snapshot. A node that was handed out but not filled yet reads as a root's child with
  // pc 0.
  void read_node(NodeId id, NodeId* parent, uint64_t* pc, StackId* stack);

  uint64_t overflowed() const { return overflowed_.load(std::memory_order_relaxed); }

 private:
  struct Node {
    uint64_t pc;
    std::atomic<NodeId> parent;
    std::atomic<NodeId> hint;  // the child found last
    std::atomic<StackId> stack;
    uint32_t filled;
  };
  static_assert(sizeof(Node) == 24);

  // A slot is 32 bits of the hash above the node's id; 0 is free.
  struct Table {
    uint64_t mask;
    std::atomic<uint64_t> used;
    std::atomic<uint64_t> slots[];
  };

  static constexpr NodeId kRetired = NodeId{1} << 31;

  NodeId child_slow(NodeId parent, uint64_t pc);
  StackId stack_of_slow(NodeId node);
  NodeId add(Table* table, NodeId parent, uint64_t pc, uint64_t hash);
  void grow(Table* table);
  static Table* make_table(uint64_t slots);

  base::ChunkedArray<Node, 4096, 16384> nodes_;
  std::atomic<Table*> table_{nullptr};
  std::atomic<NodeId> next_node_{0};
  std::atomic<StackId> next_stack_{0};
  std::atomic<bool> growing_{false};
  std::atomic<uint64_t> overflowed_{0};
};

}  // namespace silt::track

#endif  // SILT_INTERPOSER_TRACK_STACK_TABLE_H_
