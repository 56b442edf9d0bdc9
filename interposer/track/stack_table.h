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
// never changes afterwards, but for its hint and for the flags in `parent`. A node that a thread
// adds to a table while another copies that one into a larger one may be forgotten, and be made
// again later: two nodes for one place, which readers of a snapshot join; no count is ever lost.
//
// Nodes that nothing needs any more are given back by folding.h, which sees to it that no thread
// has their ids in hand; the next nodes get these ids. So a node's id says nothing about its age:
// its birth does, the number of nodes that had been made before it.
//
// A node's parent is written last and read first (release, acquire): whoever finds there the parent
// he looks for reads the pc that belongs to it, whatever the id stood for before. Hook context.

#ifndef SILT_INTERPOSER_TRACK_STACK_TABLE_H_
#define SILT_INTERPOSER_TRACK_STACK_TABLE_H_

#include <atomic>
#include <cstdint>

#include "interposer/base/attributes.h"
#include "interposer/base/memory.h"
#include "interposer/track/free_ids.h"
#include "interposer/track/ids.h"

namespace silt::track {

class StackTable {
 public:
  // Makes the overflow stack. Normal context, once.
  bool initialize(uint64_t overflow_marker);
  // Before that: nodes are kept in the black box.
  void keep_in_box() {
    nodes_.keep_in_box({format::BoxKind::kNodes, 0});
    births_.keep_in_box({format::BoxKind::kBirths, 0});
  }
  // In the child of a fork that has lost the nodes to its parent: as if none had ever been made.
  bool begin_anew(uint64_t overflow_marker) {
    const uint32_t limit = id_limit();
    Table* const table = table_.load(std::memory_order_relaxed);
    nodes_.abandon_chunks(limit);
    births_.abandon_chunks(limit);
    free_.clear(limit);
    reused_.store(0, std::memory_order_relaxed);
    overflowed_.store(0, std::memory_order_relaxed);
    if (!initialize(overflow_marker)) return false;
    if (table != nullptr) base::unmap_memory(table, size_of(*table));
    return true;
  }

  // The child of `parent` at `pc`, made if need be; kRoot when the table is full. (The hint leads
  // to a node whose chunk may be as new: acquire, and release where it is stored.)
  SILT_ALWAYS_INLINE NodeId child(NodeId parent, uint64_t pc) {
    const uint32_t hint = nodes_[index_of(parent)].hint.load(std::memory_order_acquire);
    if (hint != 0 && is(nodes_[hint], index_of(parent), pc)) [[likely]]
      return NodeId{hint};
    return NodeId{child_slow(index_of(parent), pc, hint != 0)};
  }

  // Nodes whose pc lies in [start, end) will not be found any more: other code may come there.
  void retire(uint64_t start, uint64_t end);

  // For folding. A node that is set aside is not found any more, until it is taken back; then it
  // may be made twice. What is given back must be aside, without children, in no thread's hands.
  void set_aside(NodeId id) { parent_of(id).fetch_or(kAside, std::memory_order_relaxed); }
  void take_back(NodeId id) { parent_of(id).fetch_and(~kAside, std::memory_order_relaxed); }
  bool is_aside(NodeId id) { return is_aside(index_of(id)); }
  // False when there was no memory to remember that the id is free: it stays aside.
  bool give_back(NodeId id);
  // All ids that share the page of `first`, which begins one: each of them must be free or aside,
  // and one at least aside. Nobody is given one of them from then on; false, with nothing done,
  // where it is not so. Between the two whatever is kept by id may go as well.
  static constexpr uint32_t kPageNodes = base::kPageSize / 16;
  bool withdraw_page(NodeId first);
  void give_back_page(NodeId first);
  // What is left in the hash table of nodes that were given back goes, if that is much of it.
  void tidy();
  // Every thread was seen outside hooks, or at this epoch, since it began: tables that had been
  // replaced when an earlier epoch was told of are unmapped.
  void unmap_old_tables(uint32_t epoch);

  // In the child of a fork: whoever was growing the table is not there any more.
  void finish_fork_in_child() { growing_.store(false, std::memory_order_relaxed); }

  // Ids below this were handed out; the newest ones may still be being filled.
  uint32_t id_limit() const { return next_node_.load(std::memory_order_acquire); }
  // Nodes that have been made so far, whatever became of them: the birth of the next one.
  uint32_t node_count() const {
    return added(next_node_.load(std::memory_order_acquire),
                 reused_.load(std::memory_order_relaxed));
  }
  // Nodes that are there.
  uint32_t in_use() const { return next_node_.load(std::memory_order_relaxed) - 1 - free_.count(); }

  // For the snapshot. False: the node is free, or was handed out but is not filled yet.
  bool read_node(NodeId id, NodeId* parent, uint64_t* pc);
  // Of a node that read_node has read.
  uint32_t birth(NodeId id) {
    const std::atomic<uint32_t>* const birth = births_.find(index_of(id));
    const uint32_t known = birth == nullptr ? 0 : birth->load(std::memory_order_relaxed);
    return known != 0 ? known : index_of(id);
  }

  // Of the nodes that are there, and of what they are found by.
  uint64_t used_bytes() {
    constexpr uint64_t kBirth = 4;
    return in_use() * (sizeof(Node) + kBirth) + size_of(*table_.load(std::memory_order_acquire));
  }

  // Nodes that did not fit.
  uint64_t overflowed() const { return overflowed_.load(std::memory_order_relaxed); }

 private:
  // In here ids are numbers: much is done with neighbours, and with flags beside them.
  struct Node {
    std::atomic<uint64_t> pc;  // 0: not filled yet
    std::atomic<uint32_t> parent;
    std::atomic<uint32_t> hint;  // the child found last, 0: none
  };
  static_assert(sizeof(Node) * kPageNodes == base::kPageSize);
  static_assert(sizeof(Node) == sizeof(format::BoxNode));
  // Flags in a node's parent.
  static constexpr uint32_t kRetired = uint32_t{1} << 31;  // the code at its pc was unloaded
  static constexpr uint32_t kAside = uint32_t{1} << 30;    // on its way to being given back
  static constexpr uint32_t kFree = uint32_t{1} << 29;     // it was given back
  static constexpr uint32_t kParentMask = kFree - 1;
  static_assert(kFree == format::kBoxFreeNode);

  struct Table {
    uint64_t mask;
    std::atomic<uint64_t> used;
    std::atomic<uint64_t> slots[];
  };

  SILT_ALWAYS_INLINE static uint64_t hash_of(uint32_t parent, uint64_t pc) {
    // The parent reaches the low bits as well: one function can have very many callers.
    const uint64_t hash = (pc ^ parent * 0xd6e8feb86659fd93) * 0x9e3779b97f4a7c15;
    return hash ^ hash >> 29;  // the low half chooses the slot, the high half is kept in it
  }

  static bool is(const Node& node, uint32_t parent, uint64_t pc) {
    return node.parent.load(std::memory_order_acquire) == parent &&
           node.pc.load(std::memory_order_relaxed) == pc;
  }
  std::atomic<uint32_t>& parent_of(NodeId id) { return nodes_[index_of(id)].parent; }
  bool is_aside(uint32_t id) {
    const Node* const node = nodes_.find(id);
    return node != nullptr && (node->parent.load(std::memory_order_relaxed) & kAside) != 0;
  }
  static uint32_t added(uint32_t a, uint32_t b) {  // births stop at the largest number
    return a + b < a ? UINT32_MAX : a + b;
  }
  uint32_t child_slow(uint32_t parent, uint64_t pc, bool has_children);
  uint32_t find_or_add(uint32_t parent, uint64_t pc);
  uint32_t add(Table* table, uint32_t parent, uint64_t pc, uint64_t hash);
  void fill(uint32_t id, Node* node, uint32_t parent, uint64_t pc);
  bool claim(uint32_t id);
  uint32_t claim_any();
  void note_reuse();
  uint64_t aside_bits(uint32_t from);
  uint32_t make_node(uint32_t parent, uint64_t pc);
  uint32_t make_neighbour(uint32_t parent, uint64_t pc);
  void grow(Table* table);
  void replace_once(Table* table, bool for_more);
  void replace(Table* table, bool for_more);
  uint64_t hash_of_slot(uint64_t slot);
  void leave_behind(Table* table);
  static size_t size_of(const Table& table) {
    return sizeof(Table) + (table.mask + 1) * sizeof(table.slots[0]);
  }
  static Table* make_table(uint64_t slots);

  base::ChunkedArray<Node, format::kBoxNodesInPiece, kMaximumNodes / format::kBoxNodesInPiece>
      nodes_;
  std::atomic<Table*> table_{nullptr};
  std::atomic<uint32_t> next_node_{0};
  std::atomic<bool> growing_{false};
  std::atomic<uint64_t> overflowed_{0};

  // Ids that were given back. Where one lies free behind a parent's, its first child still becomes
  // its neighbour.
  FreeIds free_;
  // How often an id was used again; births by id, 0: it is its id, as before the first of these.
  std::atomic<uint32_t> reused_{0};
  base::ChunkedArray<std::atomic<uint32_t>, format::kBoxNodesInPiece,
                     kMaximumNodes / format::kBoxNodesInPiece>
      births_;

  // Tables that were replaced: their pages are given back at once, their addresses later.
  struct OldTable {
    std::atomic<Table*> table;
    size_t size_bytes;
    uint32_t epoch;  // the first that was told of afterwards; 0: none yet
  };
  OldTable old_tables_[16]{};
};

}  // namespace silt::track

#endif  // SILT_INTERPOSER_TRACK_STACK_TABLE_H_
