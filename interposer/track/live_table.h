// SPDX-License-Identifier: Apache-2.0
//
// The live table: for each live block its stack, its requested size and the generation in which it
// was born. A shadow of the address space without probing, growth or locks: one store at malloc,
// one load and store at free. Freeing touches no counter, because what is live is counted by
// scanning this table when a snapshot is taken.
//
//   address  63   48 47        34 33       20 19      granule_shift          0
//           +-------+------------+-----------+--------------------+----------+
//           |   0   |    root    |    mid    |      cell          |    0     |
//           +-------+------------+-----------+--------------------+----------+
//
// A leaf shadows 1 MiB. Its cells stand in groups of sixteen, 96 bytes a group:
//
//           +----------- 16 x uint32 -----------+----- 16 x uint16 -----+
//           | stack id << 8 | generation code   |         size          |
//           +-----------------------------------+-----------------------+
//
// A cell of 0 is free. A size of kLargeSize says that the block is at least that large and that
// its size stands in the words of the next two cells, whose own size is kContinuation: no other
// block can begin there, they are inside this one. Blocks whose address is an odd multiple of
// eight have a table of their own, so that two can never meet in a cell: glibc's blocks are at
// least 32 bytes apart (granule_shift 5), those of other allocators at least 16, or 8 and of
// different parity (granule_shift 4).
//
// Who writes: who was given the block, who frees it, whom the program orders, and who is given its
// memory next, whom the allocator orders. A free clears the word; a new block's size is stored
// (release: the word before it is gone), then its word (release). So a scan that reads the word,
// the size, and the word again, sees a pair that belonged together. Hook context.

#ifndef SILT_INTERPOSER_TRACK_LIVE_TABLE_H_
#define SILT_INTERPOSER_TRACK_LIVE_TABLE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "interposer/base/arch.h"
#include "interposer/base/attributes.h"
#include "interposer/base/memory.h"
#include "interposer/base/populated_pages.h"
#include "interposer/track/stack_table.h"

namespace silt::track {

struct Block {
  StackId stack = kNoStack;  // none: not recorded
  uint8_t generation = 0;
  uint64_t size_bytes = 0;  // as requested
};

class LiveTable {
  struct Leaf;

 public:
  // Before the first block. 5 where blocks are at least 32 bytes apart (glibc), else 4.
  void set_granule_shift(unsigned shift) { granule_shift_ = shift; }

  // Remembers the block at `address`; false when there was no memory for it.
  SILT_ALWAYS_INLINE bool insert(uint64_t address, const Block& block) {
    Leaf* const leaf = ensure_leaf(address);
    if (leaf == nullptr) [[unlikely]]
      return false;
    const size_t index = cell_index(address);
    const uint32_t word = index_of(block.stack) << 8 | block.generation;
    if (block.size_bytes < kContinuation) [[likely]] {
      leaf->size(index).store(static_cast<uint16_t>(block.size_bytes), std::memory_order_release);
      leaf->word(index).store(word, std::memory_order_release);
      return true;
    }
    insert_large(leaf, index, word, block.size_bytes);
    return true;
  }

  // Forgets the block and says what it was; stack 0 when none was recorded there.
  SILT_ALWAYS_INLINE Block take(uint64_t address) {
    Leaf* const leaf = find_leaf(address);
    if (leaf == nullptr) [[unlikely]]
      return Block{};
    const size_t index = cell_index(address);
    const uint32_t word = leaf->word(index).load(std::memory_order_relaxed);
    if (word == 0) [[unlikely]]
      return Block{};
    const uint16_t size = leaf->size(index).load(std::memory_order_relaxed);
    if (size >= kContinuation) [[unlikely]]
      return take_large(leaf, index, word, size);
    leaf->word(index).store(0, std::memory_order_relaxed);
    return Block{StackId{word >> 8}, static_cast<uint8_t>(word), size};
  }

  // Forgets a small block, as nearly all are. False, and nothing is changed: large, or not known.
  SILT_ALWAYS_INLINE bool take_small(uint64_t address) {
    Leaf* const leaf = find_leaf(address);
    const size_t i = cell_index(address);
    if (leaf == nullptr || leaf->word(i).load(std::memory_order_relaxed) == 0 ||
        leaf->size(i).load(std::memory_order_relaxed) >= kContinuation) [[unlikely]]
      return false;
    leaf->word(i).store(0, std::memory_order_relaxed);
    return true;
  }

  // Calls visit(Block) for every live block, while other threads go on. What it takes follows the
  // pages that blocks were ever written to, not the address space between them.
  template <typename Visitor>
  void scan(Visitor&& visit) {
    Cursor cursor;
    scan_from(&cursor, visit, [] { return false; });
  }

  // In parts: goes on at the cursor until enough(), asked now and then; true: there is no more.
  struct Cursor {
    size_t root = 0;  // of both tables
    size_t mid = 0;
  };
  template <typename Visitor, typename Enough>
  bool scan_from(Cursor* cursor, Visitor&& visit, Enough&& enough);

  // A leaf as owners/ reads it, in a copy of the process where nothing changes any more: cells
  // stand for addresses from `base` on; with `parity` 1 for odd multiples of eight.
  class LeafView {
   public:
    static constexpr size_t kGroup = 16;
    uint32_t word(size_t cell) const;
    // Bytes; 0 with `inside` where a large block goes on.
    uint64_t size(size_t cell, bool* inside) const;
    const void* memory() const { return leaf_; }

   private:
    friend class LiveTable;
    Leaf* leaf_ = nullptr;
  };
  void clear();  // but for what is inserted meanwhile
  void keep_in_box() { label_.kind = format::BoxKind::kLive; }
  void begin_anew();  // in the child of a fork, whose parent goes on with the leaves
  // Calls visit(base, parity, LeafView), ascending by base within a parity.
  template <typename Visitor>
  void visit_leaves(Visitor&& visit);
  unsigned granule_shift() const { return granule_shift_; }
  static constexpr uint64_t leaf_bytes() { return uint64_t{1} << kLeafBits; }
  size_t leaf_memory_bytes() const { return leaf_groups() * sizeof(Group); }
  static constexpr size_t group_bytes() { return sizeof(Group); }

 private:
  // Calls visit(base, parity, leaf) for each leaf from the cursor on until it returns false; true
  // when there is no more.
  template <typename Visitor>
  bool walk_leaves(Cursor* cursor, Visitor&& visit);

  static constexpr uint16_t kContinuation = 0xfffe;
  static constexpr uint16_t kLargeSize = 0xffff;
  static constexpr unsigned kLeafBits = 20;
  static constexpr unsigned kMidBits = 14;
  static constexpr unsigned kRootBits = arch::kAddressBits - kLeafBits - kMidBits;
  static constexpr size_t kGroup = 16;

  struct Group {
    std::atomic<uint32_t> words[kGroup];
    std::atomic<uint16_t> sizes[kGroup];
  };
  static_assert(sizeof(Group) == 96);

  struct Leaf {
    std::atomic<uint32_t>& word(size_t index) {
      return groups()[index / kGroup].words[index % kGroup];
    }
    std::atomic<uint16_t>& size(size_t index) {
      return groups()[index / kGroup].sizes[index % kGroup];
    }
    Group* groups() { return reinterpret_cast<Group*>(this); }
  };
  using Mid = std::atomic<Leaf*>[size_t{1} << kMidBits];

  // One group more than the leaf's own cells, for the continuation of its last blocks.
  size_t leaf_groups() const { return (size_t{1} << (kLeafBits - granule_shift_)) / kGroup + 1; }

  SILT_ALWAYS_INLINE size_t cell_index(uint64_t address) const {
    return (address & ((uint64_t{1} << kLeafBits) - 1)) >> granule_shift_;
  }

  SILT_ALWAYS_INLINE Leaf* find_leaf(uint64_t address) {
    if (address >> arch::kAddressBits != 0) [[unlikely]]
      return nullptr;
    Mid* const mid =
        roots_[address >> 3 & 1][address >> (kLeafBits + kMidBits)].load(std::memory_order_acquire);
    if (mid == nullptr) [[unlikely]]
      return nullptr;
    return (*mid)[address >> kLeafBits & ((1u << kMidBits) - 1)].load(std::memory_order_acquire);
  }

  SILT_ALWAYS_INLINE Leaf* ensure_leaf(uint64_t address) {
    Leaf* const leaf = find_leaf(address);
    return leaf != nullptr ? leaf : make_leaf(address);
  }
  Leaf* make_leaf(uint64_t address);
  template <typename Visitor>
  void scan_leaf(Leaf* leaf, size_t begin, size_t end, Visitor&& visit);
  static void insert_large(Leaf* leaf, size_t index, uint32_t word, uint64_t size_bytes);
  static Block take_large(Leaf* leaf, size_t index, uint32_t word, uint16_t size);
  static uint64_t large_size(Leaf* leaf, size_t index);

  // Pages of pointers to roots or leaves; bits say in which there are any, for a scan to leave the
  // others alone: each would cost a fault, in every forked child anew.
  static constexpr size_t kPagePointers = base::kPageSize / sizeof(void*);
  static constexpr size_t kRootPages = 16;  // or pairs of pages, where addresses are longer
  static constexpr size_t kRootPointers = (size_t{1} << kRootBits) / kRootPages;
  static_assert(kRootPointers >= kPagePointers && (size_t{1} << kMidBits) / kPagePointers <= 32);

  unsigned granule_shift_ = 0;
  base::PieceLabel label_{};
  std::atomic<uint32_t> used_root_pages_{0};  // of both tables
  std::atomic<Mid*> roots_[2][size_t{1} << kRootBits]{};
  std::atomic<uint32_t> used_mid_pages_[2][size_t{1} << kRootBits]{};
};

inline uint32_t LiveTable::LeafView::word(size_t cell) const {
  return leaf_->word(cell).load(std::memory_order_relaxed);
}

inline uint64_t LiveTable::LeafView::size(size_t cell, bool* inside) const {
  const uint16_t size = leaf_->size(cell).load(std::memory_order_relaxed);
  *inside = size == kContinuation;
  if (size < kContinuation) return size;
  return *inside ? 0 : large_size(leaf_, cell);
}

template <typename Visitor>
bool LiveTable::walk_leaves(Cursor* cursor, Visitor&& visit) {
  const uint32_t root_pages = used_root_pages_.load(std::memory_order_acquire);
  for (size_t& r = cursor->root; r < 2 * kRootPages * kRootPointers; ++r, cursor->mid = 0) {
    if ((root_pages >> r / kRootPointers & 1) == 0) {
      r += kRootPointers - 1;
      continue;
    }
    const size_t parity = r >> kRootBits;
    const size_t root = r & ((size_t{1} << kRootBits) - 1);
    Mid* const mid = roots_[parity][root].load(std::memory_order_acquire);
    if (mid == nullptr) continue;
    const uint32_t mid_pages = used_mid_pages_[parity][root].load(std::memory_order_acquire);
    for (size_t& m = cursor->mid; m < size_t{1} << kMidBits; ++m) {
      if ((mid_pages >> m / kPagePointers & 1) == 0) {
        m += kPagePointers - 1;
        continue;
      }
      Leaf* const leaf = (*mid)[m].load(std::memory_order_acquire);
      if (leaf == nullptr) continue;
      const uint64_t base = uint64_t{root} << (kLeafBits + kMidBits) | uint64_t{m} << kLeafBits;
      if (!visit(base, static_cast<unsigned>(parity), leaf)) {
        ++m;
        return false;
      }
    }
  }
  return true;
}

template <typename Visitor>
void LiveTable::visit_leaves(Visitor&& visit) {
  Cursor cursor;
  walk_leaves(&cursor, [&](uint64_t base, unsigned parity, Leaf* leaf) {
    LeafView view;
    view.leaf_ = leaf;
    visit(base, parity, view);
    return true;
  });
}

template <typename Visitor>
void LiveTable::scan_leaf(Leaf* leaf, size_t begin, size_t end, Visitor&& visit) {
  for (size_t g = begin; g < end; ++g) {
    Group& group = leaf->groups()[g];
    for (size_t i = 0; i < kGroup; ++i) {
      const uint32_t word = group.words[i].load(std::memory_order_acquire);
      if (word == 0) continue;
      const uint16_t size = group.sizes[i].load(std::memory_order_acquire);
      if (size == kContinuation) continue;
      const uint64_t size_bytes = size == kLargeSize ? large_size(leaf, g * kGroup + i) : size;
      if (group.words[i].load(std::memory_order_acquire) != word) continue;
      visit(Block{StackId{word >> 8}, static_cast<uint8_t>(word), size_bytes});
    }
  }
}

template <typename Visitor, typename Enough>
bool LiveTable::scan_from(Cursor* cursor, Visitor&& visit, Enough&& enough) {
  base::PopulatedPages populated;
  const size_t groups = leaf_groups();
  return walk_leaves(cursor, [&](uint64_t, unsigned, Leaf* leaf) {
    size_t next = 0;  // a group that lies in two runs is scanned with the first
    populated.visit_runs(leaf, groups * sizeof(Group), [&](size_t begin, size_t end) {
      const size_t first = begin / sizeof(Group) > next ? begin / sizeof(Group) : next;
      next = (end + sizeof(Group) - 1) / sizeof(Group);
      scan_leaf(leaf, first, next, visit);
    });
    return !enough();
  });
}

}  // namespace silt::track

#endif  // SILT_INTERPOSER_TRACK_LIVE_TABLE_H_
