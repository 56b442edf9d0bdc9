// SPDX-License-Identifier: Apache-2.0
//
// The stack table: a tree whose node is (parent node, pc), so that a stack is its innermost node,
// and its id the node's. Nodes lie in a dense array indexed by id; each remembers the child that
// was found last, which is the next one wanted more often than not. A new path's nodes are made one
// after the other, so a node's first child mostly has the next id: it is looked for there, and
// only there. Other children are found in a lock-free hash table, whose slots are 32 bits of the
// hash above the node's id; 0 is free. In cc1plus five nodes of six are in no table: what a new
// path costs is a few neighbours in memory, and the table stays small enough for the cache.
//
// Writers: any thread. A node is filled before its id is published in the hash table (release) and
// never changes afterwards, but for its hint and for kRetired in `parent`, which says that the code
// at its pc was unloaded. A node that a thread adds to a table while another copies that one into a
// larger one may be forgotten, and be made again later: two nodes for one place, which readers of a
// snapshot join; no count is ever lost. Hook context.

#ifndef SILT_INTERPOSER_TRACK_STACK_TABLE_H_
#define SILT_INTERPOSER_TRACK_STACK_TABLE_H_

#include <atomic>
#include <cstdint>

#include "interposer/base/attributes.h"
#include "interposer/base/memory.h"

namespace silt::track {

using NodeId = uint32_t;   // 0: the root
using StackId = uint32_t;  // a stack's innermost node; 0: none

// Ids fit the 24 bits that a live block's cell has for them.
inline constexpr uint32_t kStackIdBits = 24;
inline constexpr uint32_t kMaximumNodes = uint32_t{1} << kStackIdBits;

// The stack of allocations whose own stack did not fit; made first.
inline constexpr StackId kOverflowStack = 1;

class StackTable {
 public:
  // Makes the overflow stack. Normal context, once.
  bool initialize(uint64_t overflow_marker);

  // The child of `parent` at `pc`, made if need be; 0 when the table is full.
  SILT_ALWAYS_INLINE NodeId child(NodeId parent, uint64_t pc) {
    const NodeId hint = nodes_[parent].hint.load(std::memory_order_relaxed);
    if (hint != 0 && is(nodes_[hint], parent, pc)) [[likely]]
      return hint;
    return child_slow(parent, pc, hint != 0);
  }

  // Nodes whose pc lies in [start, end) will not be found any more: other code may come there.
  void retire(uint64_t start, uint64_t end);

  // In the child of a fork: whoever was growing the table is not there any more.
  void finish_fork_in_child() { growing_.store(false, std::memory_order_relaxed); }

  // Ids below this were handed out; the newest ones may still be being filled.
  NodeId node_count() const { return next_node_.load(std::memory_order_acquire); }

  // For the snapshot. False: the node was handed out but is not filled yet.
  bool read_node(NodeId id, NodeId* parent, uint64_t* pc);

  // Nodes that did not fit.
  uint64_t overflowed() const { return overflowed_.load(std::memory_order_relaxed); }

 private:
  struct Node {
    std::atomic<uint64_t> pc;  // 0: not filled yet
    std::atomic<NodeId> parent;
    std::atomic<NodeId> hint;  // the child found last, 0: none
  };
  static_assert(sizeof(Node) == 16);
  static constexpr NodeId kRetired = NodeId{1} << 31;  // in a node's parent

  struct Table {
    uint64_t mask;
    std::atomic<uint64_t> used;
    std::atomic<uint64_t> slots[];
  };

  SILT_ALWAYS_INLINE static uint64_t hash_of(NodeId parent, uint64_t pc) {
    // The parent reaches the low bits as well: one function can have very many callers.
    const uint64_t hash = (pc ^ parent * 0xd6e8feb86659fd93) * 0x9e3779b97f4a7c15;
    return hash ^ hash >> 29;  // the low half chooses the slot, the high half is kept in it
  }

  static bool is(const Node& node, NodeId parent, uint64_t pc) {
    return node.pc.load(std::memory_order_relaxed) == pc &&
           node.parent.load(std::memory_order_relaxed) == parent;
  }
  NodeId child_slow(NodeId parent, uint64_t pc, bool has_children);
  NodeId find_or_add(NodeId parent, uint64_t pc);
  NodeId add(Table* table, NodeId parent, uint64_t pc, uint64_t hash);
  static void fill(Node* node, NodeId parent, uint64_t pc);
  NodeId make_node(NodeId parent, uint64_t pc);
  NodeId make_neighbour(NodeId parent, uint64_t pc);
  void grow(Table* table);
  static Table* make_table(uint64_t slots);

  base::ChunkedArray<Node, 4096, kMaximumNodes / 4096> nodes_;
  std::atomic<Table*> table_{nullptr};
  std::atomic<NodeId> next_node_{0};
  std::atomic<bool> growing_{false};
  std::atomic<uint64_t> overflowed_{0};
};

}  // namespace silt::track

#endif  // SILT_INTERPOSER_TRACK_STACK_TABLE_H_
