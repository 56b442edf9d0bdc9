// SPDX-License-Identifier: Apache-2.0
//
// See block_index.h.

#include "interposer/owners/block_index.h"

#include <cstring>

#include "interposer/base/memory.h"

namespace silt::owners {
namespace {

uint64_t hash_of(uint64_t base, unsigned parity) {
  return ((base >> 19 | parity) * 0x9e3779b97f4a7c15) >> 24;
}

uint64_t header_at(uint64_t address) {
  uint64_t header;
  std::memcpy(&header, reinterpret_cast<const void*>(address - sizeof(header)), sizeof(header));
  return header;
}

uint64_t chunk_at(uint64_t address) { return header_at(address) & ~uint64_t{7}; }

// Whether glibc may have given out a block of `size` bytes at `address`: what it keeps in front of
// it is the size of the chunk, with three flags, which is what the block needs, or one unit more
// where the rest would have been too small for a chunk of its own; or whole pages.
bool is_chunk_of(uint64_t address, uint64_t size) {
  constexpr uint64_t kIsMapped = 2;
  const uint64_t header = header_at(address);
  const uint64_t chunk = chunk_at(address);
  const uint64_t needed = size + 8 <= 32 ? 32 : (size + 8 + 15) & ~uint64_t{15};
  if ((header & kIsMapped) != 0) {
    // Whole pages, with what lies in front of it for its alignment.
    uint64_t before;
    std::memcpy(&before, reinterpret_cast<const void*>(address - 2 * sizeof(before)),
                sizeof(before));
    return chunk >= needed && chunk - needed <= 2 * base::page_size() &&
           (chunk + before) % base::page_size() == 0;
  }
  return chunk == needed || chunk == needed + 16;
}

}  // namespace

const BlockIndex::Leaf* BlockIndex::leaf_of(uint64_t base, unsigned parity) const {
  for (uint64_t at = hash_of(base, parity) & slot_mask_; slots_[at] != 0;
       at = (at + 1) & slot_mask_) {
    const Leaf& leaf = leaves_[slots_[at] - 1];
    if (leaf.base == base && leaf.parity == parity) return &leaf;
  }
  return nullptr;
}

bool BlockIndex::add_leaves(track::LiveTable& table) {
  uint32_t count = 0;
  table.visit_leaves([&](uint64_t, unsigned, track::LiveTable::LeafView) { ++count; });
  if (count == 0) return true;
  uint64_t slots = 64;
  while (slots < uint64_t{count} * 4) slots *= 2;
  const size_t groups = table.leaf_memory_bytes() / track::LiveTable::group_bytes();
  leaves_ = static_cast<Leaf*>(base::map_memory(count * sizeof(Leaf)));
  slots_ = static_cast<uint32_t*>(base::map_memory(slots * sizeof(uint32_t)));
  auto* const ranks = static_cast<uint32_t*>(base::map_memory(count * groups * sizeof(uint32_t)));
  if (leaves_ == nullptr || slots_ == nullptr || ranks == nullptr) return false;
  slot_mask_ = slots - 1;
  table.visit_leaves([&](uint64_t base, unsigned parity, track::LiveTable::LeafView cells) {
    leaves_[leaf_count_] = Leaf{base, parity, cells, ranks + leaf_count_ * groups};
    uint64_t at = hash_of(base, parity) & slot_mask_;
    while (slots_[at] != 0) at = (at + 1) & slot_mask_;
    slots_[at] = ++leaf_count_;
    if (parity == 1) parities_ = 2;
  });
  return true;
}

// Of the block whose cell stands for `begin` and the sixteen bytes after it. What lies in front of
// the wrong one is data, which may look like a header by chance: then the chunk before tells, where
// it is the neighbour, since chunks lie one behind the other.
bool BlockIndex::begins_later(uint64_t begin, uint64_t size, const MemoryMap& memory) const {
  if (!memory.readable(begin + 8, begin + 16) || !is_chunk_of(begin + 16, size)) return false;
  if (!memory.readable(begin - 8, begin) || !is_chunk_of(begin, size)) return true;
  if (next_chunk_ == begin || next_chunk_ == begin + 16) return next_chunk_ == begin + 16;
  const auto next_fits = [&memory](uint64_t address) {
    const uint64_t next = address + chunk_at(address);
    if (!memory.readable(next - 8, next)) return false;
    const uint64_t header = header_at(next);
    return (header & 9) == 1 && chunk_at(next) >= 32;  // the one before is in use
  };
  return next_fits(begin + 16) && !next_fits(begin);
}

void BlockIndex::number_leaf(uint32_t index, base::PopulatedPages& populated,
                             const MemoryMap& memory) {
  const Leaf& leaf = leaves_[index];
  visit_cells(leaf, populated, [&](size_t group) {
    leaf.ranks[group] = numbers_;
    for (size_t cell = group * kGroup; cell < (group + 1) * kGroup; ++cell) {
      if (leaf.cells.word(cell) == 0) continue;
      const uint32_t number = numbers_++;
      bool inside;
      const uint64_t size = leaf.cells.size(cell, &inside);
      if (inside) continue;
      ++blocks_;
      bytes_ += size;
      uint64_t begin = leaf.base + (uint64_t{cell} << shift_) + leaf.parity * 8;
      if (shift_ == 5 && begins_later(begin, size, memory)) {
        later_[number / 64] |= uint64_t{1} << number % 64;
        begin += 16;
      }
      if (shift_ == 5 && memory.readable(begin - 8, begin)) next_chunk_ = begin + chunk_at(begin);
      if (begin < low_) low_ = begin;
      const uint64_t end = begin + (size == 0 ? 1 : size);
      if (end > span_) span_ = end;
      if (size >= kNear) {
        large_[leaf.parity][large_count_[leaf.parity]++] =
            Large{begin, size, index, static_cast<uint32_t>(cell)};
      }
    }
  });
}

bool BlockIndex::build(track::LiveTable& table, const MemoryMap& memory) {
  table_ = &table;
  shift_ = table.granule_shift();
  if (!add_leaves(table)) return false;
  base::PopulatedPages populated;
  // Bounds for what is counted next: each is mapped only, and touched as it is used.
  uint64_t words = 0;
  size_t large[2] = {};
  for (uint32_t i = 0; i < leaf_count_; ++i) {
    visit_cells(leaves_[i], populated, [&](size_t group) {
      for (size_t cell = group * kGroup; cell < (group + 1) * kGroup; ++cell) {
        if (leaves_[i].cells.word(cell) == 0) continue;
        ++words;
        bool inside;
        if (leaves_[i].cells.size(cell, &inside) >= kNear) ++large[leaves_[i].parity];
      }
    });
  }
  if (words > UINT32_MAX - 64) return false;
  later_ = static_cast<uint64_t*>(base::map_memory((words / 64 + 1) * sizeof(uint64_t)));
  if (later_ == nullptr) return false;
  for (unsigned parity = 0; parity < 2; ++parity) {
    if (large[parity] == 0) continue;
    large_[parity] = static_cast<Large*>(base::map_memory(large[parity] * sizeof(Large)));
    if (large_[parity] == nullptr) return false;
  }
  low_ = UINT64_MAX;
  for (uint32_t i = 0; i < leaf_count_; ++i) number_leaf(i, populated, memory);
  span_ = blocks_ == 0 ? 0 : span_ - low_;
  return true;
}

uint64_t BlockIndex::begin_of(const Leaf& leaf, size_t cell, uint32_t number) const {
  const uint64_t begin = leaf.base + (uint64_t{cell} << shift_) + leaf.parity * 8;
  return begin + (later_[number / 64] >> number % 64 & 1) * 16;
}

uint32_t BlockIndex::number_of(const Leaf& leaf, size_t cell) const {
  const size_t first = cell & ~(kGroup - 1);
  uint32_t number = leaf.ranks[cell / kGroup];
  for (size_t i = first; i < cell; ++i) number += leaf.cells.word(i) != 0;
  return number;
}

void BlockIndex::prefetch(uint64_t address) const {
  constexpr uint64_t kMask = track::LiveTable::leaf_bytes() - 1;
  const Leaf* const leaf = leaf_of(address & ~kMask, 0);
  if (leaf == nullptr) return;
  const size_t group = ((address & kMask) >> shift_) / kGroup;
  const char* const at =
      static_cast<const char*>(leaf->cells.memory()) + group * track::LiveTable::group_bytes();
  __builtin_prefetch(at);
  __builtin_prefetch(at + 64);
  __builtin_prefetch(&leaf->ranks[group]);
}

bool BlockIndex::find_near(uint64_t address, unsigned parity, bool* none_near,
                           LiveBlock* block) const {
  constexpr uint64_t kMask = track::LiveTable::leaf_bytes() - 1;
  const size_t cells = track::LiveTable::leaf_bytes() >> shift_;
  size_t steps = (kNear >> shift_) + 1;
  uint64_t base = address & ~kMask;
  size_t cell = ((address & kMask) >> shift_) + 1;
  for (int leaves = 0; leaves < 2 && steps > 0; ++leaves) {
    const Leaf* const leaf = leaf_of(base, parity);
    if (leaf == nullptr) {
      if (cell > steps) return false;
      steps -= cell;
      cell = 0;
    }
    while (cell > 0 && steps > 0) {
      --cell;
      --steps;
      const uint32_t word = leaf->cells.word(cell);
      if (word == 0) continue;
      bool inside;
      const uint64_t size = leaf->cells.size(cell, &inside);
      if (inside) continue;
      const uint32_t number = number_of(*leaf, cell);
      const uint64_t begin = begin_of(*leaf, cell, number);
      if (begin > address) continue;
      *none_near = false;
      if (address - begin >= (size == 0 ? 1 : size)) return false;
      *block = LiveBlock{begin, size, track::StackId{word >> 8}, number};
      return true;
    }
    if (base == 0) return false;
    base -= track::LiveTable::leaf_bytes();
    cell = cells;
  }
  return false;
}

bool BlockIndex::find_large(uint64_t address, unsigned parity, LiveBlock* block) const {
  size_t low = 0;
  size_t high = large_count_[parity];
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (large_[parity][middle].begin <= address) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == 0) return false;
  const Large& large = large_[parity][low - 1];
  if (address - large.begin >= large.size) return false;
  const Leaf& leaf = leaves_[large.leaf];
  *block = LiveBlock{large.begin, large.size, track::StackId{leaf.cells.word(large.cell) >> 8},
                     number_of(leaf, large.cell)};
  return true;
}

bool BlockIndex::find(uint64_t address, LiveBlock* block) const {
  if (!may_hold(address)) return false;
  for (unsigned parity = 0; parity < parities_; ++parity) {
    bool none_near = true;
    if (find_near(address, parity, &none_near, block)) return true;
    if (none_near && find_large(address, parity, block)) return true;
  }
  return false;
}

uint64_t BlockIndex::next_begin(uint64_t from, uint64_t end) const {
  constexpr uint64_t kMask = track::LiveTable::leaf_bytes() - 1;
  if (leaf_count_ == 0) return end;
  for (unsigned parity = 0; parity < parities_; ++parity) {
    for (uint64_t base = from & ~kMask; base < end; base += kMask + 1) {
      const Leaf* const leaf = leaf_of(base, parity);
      if (leaf == nullptr) continue;
      const uint64_t room = end - base < kMask + 1 ? end - base : kMask + 1;
      const uint64_t cells = (room + (uint64_t{1} << shift_) - 1) >> shift_;
      for (uint64_t cell = base < from ? (from - base) >> shift_ : 0; cell < cells; ++cell) {
        bool inside;
        if (leaf->cells.word(cell) == 0 || (leaf->cells.size(cell, &inside), inside)) continue;
        const uint64_t begin = begin_of(*leaf, cell, number_of(*leaf, cell));
        if (begin < from) continue;
        if (begin < end) end = begin;
        break;
      }
    }
  }
  return end;
}

bool BlockIndex::any_begins_in(uint64_t start, uint64_t end) const {
  for (uint32_t i = 0; i < leaf_count_; ++i) {
    const Leaf& leaf = leaves_[i];
    const uint64_t leaf_end = leaf.base + track::LiveTable::leaf_bytes();
    if (leaf_end <= start || leaf.base >= end) continue;
    const uint64_t from = start > leaf.base ? (start - leaf.base) >> shift_ : 0;
    const uint64_t to = ((end < leaf_end ? end : leaf_end) - leaf.base) >> shift_;
    for (uint64_t cell = from; cell < to; ++cell) {
      bool inside;
      if (leaf.cells.word(cell) != 0 && (leaf.cells.size(cell, &inside), !inside)) return true;
    }
  }
  return false;
}

}  // namespace silt::owners
