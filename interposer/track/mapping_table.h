// SPDX-License-Identifier: Apache-2.0
//
// Anonymous mappings that the program made itself, as ranges by address, in a B+ tree: the ranges
// stand in leaves of up to 64, sorted and chained; above them are nodes that say where each child
// begins. A program may have a million mappings (neighbours of one kind are one to the kernel, but
// not to us), so a step of any operation is bounded by the size of a node, not by their number. A
// partial munmap cuts or splits a range, a fixed mapping replaces what was there. Hook context,
// behind a spin lock; a snapshot reads under the same lock.

#ifndef SILT_INTERPOSER_TRACK_MAPPING_TABLE_H_
#define SILT_INTERPOSER_TRACK_MAPPING_TABLE_H_

#include <atomic>
#include <cstdint>

#include "interposer/base/memory.h"
#include "interposer/base/spin_lock.h"
#include "interposer/track/mapping_counts.h"
#include "interposer/track/stack_table.h"

namespace silt::track {

struct MappingRange {
  uint64_t start;  // [start, end), page-aligned
  uint64_t end;
  StackId stack;
  uint8_t generation;
  bool counted;  // one part of each mapping counts as its block
};

class MappingTable {
 public:
  // Replaces whatever of [start, end) was recorded.
  void insert(const MappingRange& range);
  // Forgets the recorded parts of [start, end); false when there were none.
  bool remove(uint64_t start, uint64_t end);
  // The recorded range that holds `address`; false when none does.
  bool find(uint64_t address, MappingRange* range);

  base::SpinLock& lock() { return lock_; }
  // The rest under the lock.
  uint32_t count() const { return count_; }
  // Calls `visit` with the ranges that end after `address`, ascending, until it returns false.
  template <typename Visit>
  void scan(uint64_t address, Visit&& visit) {
    begin_anew_if_torn();
    for (Place at = first_after(address); at.leaf != nullptr; at = next(at)) {
      if (!visit(static_cast<const MappingRange&>(at.leaf->ranges[at.index]))) return;
    }
  }

  uint64_t overflowed() const { return overflowed_.load(std::memory_order_relaxed); }

  // What is in it is summed up for the black box from now on.
  void begin_counting() { counts_.begin(); }
  // In the child of a fork that has lost what the box had to its parent: begins empty.
  void begin_anew();

  // For a test: what a copy made in the middle of a change finds.
  void tear() { changing_ = true; }

 private:
  using NodeIndex = uint32_t;  // 0: none

  static constexpr uint32_t kRanges = 64;     // in a leaf
  static constexpr uint32_t kChildren = 128;  // of an inner node
  // Levels of inner nodes. What is split is split into halves, and neighbours that are less than
  // half full together become one, so that kNodes are three levels, four at the very worst.
  static constexpr uint32_t kDeepest = 5;
  // 2^15 nodes of 1.5 KiB: a million mappings in leaves that are half full, 48 MiB.
  static constexpr uint32_t kNodesInChunk = 64;
  static constexpr uint32_t kNodes = uint32_t{1} << 15;

  // One kind of memory for both, so that a node that became free can be either. Only a table
  // without ranges has a leaf without any, and that for no longer than an insertion takes.
  struct Node {
    uint32_t count;
    NodeIndex previous;  // leaf
    NodeIndex next;      // leaf
    NodeIndex free;      // the next one that is not in use
    union {
      MappingRange ranges[kRanges];
      struct {
        // Child i > 0 holds the ranges that start at begins[i] or above; all others start below.
        uint64_t begins[kChildren];
        NodeIndex children[kChildren];
      };
    };
  };
  static_assert(sizeof(Node) == 16 + 1536);

  struct Place {
    Node* leaf;  // nullptr: there is none
    uint32_t index;
  };
  // The way from the root to a leaf.
  struct Step {
    NodeIndex node;
    uint32_t child;  // which of its children comes next
  };
  struct Path {
    Step steps[kDeepest];
    NodeIndex leaf;
  };

  Node& node(NodeIndex index) { return nodes_[index]; }
  NodeIndex take_node();
  void give_back(NodeIndex index);
  // A child made by a raw clone may find a copy of a table that was just being changed; it begins
  // with an empty one.
  void begin_anew_if_torn();
  void count_range(const MappingRange& range, bool more);

  static uint32_t child_for(const Node& inner, uint64_t address);
  void descend(uint64_t address, Path& path);
  Place first_after(uint64_t address);
  Place next(Place at);

  bool remove_locked(uint64_t start, uint64_t end);
  void insert_locked(const MappingRange& range);
  bool make_room(uint64_t address);
  bool split_child(Node& parent, uint32_t child, bool leaf, uint64_t address);
  void erase(uint64_t start, uint32_t count);
  void unlink_leaf(const Node& leaf);
  bool merge(Path& path, uint32_t level, bool leaves);
  void drop_child(Path& path, uint32_t level);

  base::SpinLock lock_;
  bool changing_ = false;
  uint32_t depth_ = 0;   // levels of inner nodes
  NodeIndex root_ = 0;   // 0: there are no ranges
  NodeIndex free_ = 0;   // chain of nodes that were given back
  NodeIndex fresh_ = 1;  // the first that was never used
  uint32_t count_ = 0;
  MappingCounts counts_;
  base::ChunkedArray<Node, kNodesInChunk, kNodes / kNodesInChunk> nodes_;
  std::atomic<uint64_t> overflowed_{0};
};

}  // namespace silt::track

#endif  // SILT_INTERPOSER_TRACK_MAPPING_TABLE_H_
