// SPDX-License-Identifier: Apache-2.0
//
// From any address to the live block that holds it. The live table knows where blocks begin; this
// adds a number for each block (its rank, four bytes a group of sixteen cells), so that what is
// found out about a block takes an array and no table, and a list of large blocks, in which an
// address far behind the begin is found by bisection instead of cell by cell.
//
// Where blocks are at least 32 bytes apart a cell does not say whether one begins at its address or
// sixteen bytes further: glibc's own header in front of the block does (its size must fit). In the
// copy of the process.

#ifndef SILT_INTERPOSER_OWNERS_BLOCK_INDEX_H_
#define SILT_INTERPOSER_OWNERS_BLOCK_INDEX_H_

#include <cstddef>
#include <cstdint>

#include "interposer/base/attributes.h"
#include "interposer/base/populated_pages.h"
#include "interposer/owners/memory_map.h"
#include "interposer/track/live_table.h"

namespace silt::owners {

struct LiveBlock {
  uint64_t begin;
  uint64_t size;
  track::StackId stack;
  uint32_t number;  // below BlockIndex::numbers()
};

class BlockIndex {
 public:
  // False when there was no memory. Both must stay.
  bool build(track::LiveTable& table, const MemoryMap& memory);

  // Numbers are given out below this; a few stand for no block.
  uint32_t numbers() const { return numbers_; }
  uint64_t blocks() const { return blocks_; }
  uint64_t bytes() const { return bytes_; }

  // Whether an address can be in a block at all; quick.
  SILT_ALWAYS_INLINE bool may_hold(uint64_t address) const { return address - low_ < span_; }
  // Asks for the memory that find will look at.
  void prefetch(uint64_t address) const;
  bool find(uint64_t address, LiveBlock* block) const;
  // Whether a block begins in [start, end).
  bool any_begins_in(uint64_t start, uint64_t end) const;
  // Where the first block begins in [from, end), which lies in no block; `end`: none does.
  uint64_t next_begin(uint64_t from, uint64_t end) const;

  // All blocks, by ascending number.
  template <typename Visit>
  void visit(Visit&& visit) const;

 private:
  struct Leaf {
    uint64_t base;
    uint32_t parity;
    track::LiveTable::LeafView cells;
    uint32_t* ranks;  // of each group's first cell
  };
  struct Large {
    uint64_t begin;
    uint64_t size;
    uint32_t leaf;
    uint32_t cell;
  };
  // A block up to this size is found by looking at the cells in front of an address.
  static constexpr uint64_t kNear = 4096;
  static constexpr size_t kGroup = track::LiveTable::LeafView::kGroup;

  const Leaf* leaf_of(uint64_t base, unsigned parity) const;
  bool add_leaves(track::LiveTable& table);
  void number_leaf(uint32_t index, base::PopulatedPages& populated, const MemoryMap& memory);
  bool begins_later(uint64_t begin, uint64_t size, const MemoryMap& memory) const;
  bool find_near(uint64_t address, unsigned parity, bool* none_near, LiveBlock* block) const;
  bool find_large(uint64_t address, unsigned parity, LiveBlock* block) const;
  uint64_t begin_of(const Leaf& leaf, size_t cell, uint32_t number) const;
  uint32_t number_of(const Leaf& leaf, size_t cell) const;
  template <typename Visit>
  void visit_cells(const Leaf& leaf, base::PopulatedPages& populated, Visit&& visit) const;

  track::LiveTable* table_ = nullptr;
  unsigned shift_ = 0;
  uint64_t low_ = 0;
  uint64_t span_ = 0;
  Leaf* leaves_ = nullptr;
  uint32_t leaf_count_ = 0;
  uint32_t parities_ = 1;
  uint32_t* slots_ = nullptr;  // hash of (base, parity) -> leaf + 1
  uint64_t slot_mask_ = 0;
  uint64_t* later_ = nullptr;  // by number: the block begins sixteen bytes behind its cell
  Large* large_[2] = {};
  size_t large_count_[2] = {};
  uint32_t numbers_ = 0;
  uint64_t next_chunk_ = 0;  // while numbering: where a block behind the one before would begin
  uint64_t blocks_ = 0;
  uint64_t bytes_ = 0;
};

template <typename Visit>
void BlockIndex::visit_cells(const Leaf& leaf, base::PopulatedPages& populated,
                             Visit&& visit) const {
  const size_t group_bytes = track::LiveTable::group_bytes();
  size_t next = 0;  // a group that lies in two runs belongs to the first
  populated.visit_runs(
      leaf.cells.memory(), table_->leaf_memory_bytes(), [&](size_t begin, size_t end) {
        const size_t first = begin / group_bytes > next ? begin / group_bytes : next;
        next = (end + group_bytes - 1) / group_bytes;
        for (size_t g = first; g < next; ++g) visit(g);
      });
}

template <typename Visit>
void BlockIndex::visit(Visit&& visit) const {
  base::PopulatedPages populated;
  for (uint32_t i = 0; i < leaf_count_; ++i) {
    const Leaf& leaf = leaves_[i];
    visit_cells(leaf, populated, [&](size_t group) {
      uint32_t number = leaf.ranks[group];
      for (size_t cell = group * kGroup; cell < (group + 1) * kGroup; ++cell) {
        const uint32_t word = leaf.cells.word(cell);
        if (word == 0) continue;
        bool inside;
        const uint64_t size = leaf.cells.size(cell, &inside);
        if (!inside)
          visit(LiveBlock{begin_of(leaf, cell, number), size, track::StackId{word >> 8}, number});
        ++number;
      }
    });
  }
}

}  // namespace silt::owners

#endif  // SILT_INTERPOSER_OWNERS_BLOCK_INDEX_H_
