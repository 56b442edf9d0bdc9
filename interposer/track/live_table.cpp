// SPDX-License-Identifier: Apache-2.0
//
// See live_table.h. Hook context.

#include "interposer/track/live_table.h"

namespace silt::track {

SILT_COLD LiveTable::Leaf* LiveTable::make_leaf(uint64_t address) {
  if (address >> arch::kAddressBits != 0) return nullptr;
  const size_t parity = address >> 3 & 1;
  const size_t root = address >> (kLeafBits + kMidBits);
  const size_t index = address >> kLeafBits & ((1u << kMidBits) - 1);
  // Before there is anything in them.
  used_root_pages_.fetch_or(1u << (parity * kRootPages + root / kRootPointers),
                            std::memory_order_release);
  used_mid_pages_[parity][root].fetch_or(1u << index / kPagePointers, std::memory_order_release);
  std::atomic<Mid*>& mid_slot = roots_[parity][root];
  Mid* mid = mid_slot.load(std::memory_order_acquire);
  if (mid == nullptr) {
    auto* const fresh = static_cast<Mid*>(base::map_memory(sizeof(Mid)));
    if (fresh == nullptr) return nullptr;
    if (mid_slot.compare_exchange_strong(mid, fresh, std::memory_order_acq_rel,
                                         std::memory_order_acquire)) {
      mid = fresh;
    } else {
      base::unmap_memory(fresh, sizeof(Mid));
    }
  }
  std::atomic<Leaf*>& leaf_slot = (*mid)[index];
  Leaf* leaf = leaf_slot.load(std::memory_order_acquire);
  if (leaf != nullptr) return leaf;
  const size_t size_bytes = leaf_groups() * sizeof(Group);
  if (!base::exact_recording_fits(size_bytes)) return nullptr;
  auto* const fresh = static_cast<Leaf*>(base::map_piece(size_bytes, label_, 0));
  if (fresh == nullptr) return nullptr;
  if (leaf_slot.compare_exchange_strong(leaf, fresh, std::memory_order_acq_rel,
                                        std::memory_order_acquire)) {
    return fresh;
  }
  base::unmap_piece(fresh, size_bytes);
  return leaf;
}

SILT_COLD void LiveTable::insert_large(Leaf* leaf, size_t index, uint32_t word,
                                       uint64_t size_bytes) {
  for (size_t i = 1; i <= 2; ++i) {
    leaf->size(index + i).store(kContinuation, std::memory_order_release);
    leaf->word(index + i).store(static_cast<uint32_t>(i == 1 ? size_bytes : size_bytes >> 32),
                                std::memory_order_release);
  }
  leaf->size(index).store(kLargeSize, std::memory_order_release);
  leaf->word(index).store(word, std::memory_order_release);
}

SILT_COLD Block LiveTable::take_large(Leaf* leaf, size_t index, uint32_t word, uint16_t size) {
  if (size == kContinuation) return Block{};  // a pointer into the middle of a block: not ours
  const Block block{StackId{word >> 8}, static_cast<uint8_t>(word), large_size(leaf, index)};
  leaf->word(index).store(0, std::memory_order_relaxed);
  // Release: whoever sees a continuation's size gone sees its word gone as well.
  for (size_t i = 1; i <= 2; ++i) leaf->word(index + i).store(0, std::memory_order_release);
  for (size_t i = 1; i <= 2; ++i) leaf->size(index + i).store(0, std::memory_order_release);
  return block;
}

void LiveTable::clear() {
  Cursor cursor;
  walk_leaves(&cursor, [&](uint64_t, unsigned, Leaf* leaf) {
    base::release_pages(leaf, leaf_memory_bytes());
    return true;
  });
}

void LiveTable::begin_anew() {
  const uint32_t root_pages = used_root_pages_.load(std::memory_order_acquire);
  for (size_t r = 0; r < 2 * kRootPages * kRootPointers; ++r) {
    if ((root_pages >> r / kRootPointers & 1) == 0) {
      r += kRootPointers - 1;
      continue;
    }
    const size_t parity = r >> kRootBits;
    const size_t root = r & ((size_t{1} << kRootBits) - 1);
    Mid* const mid = roots_[parity][root].load(std::memory_order_acquire);
    if (mid == nullptr) continue;
    roots_[parity][root].store(nullptr, std::memory_order_release);
    used_mid_pages_[parity][root].store(0, std::memory_order_release);
    base::unmap_memory(mid, sizeof(Mid));
  }
  used_root_pages_.store(0, std::memory_order_release);
}

uint64_t LiveTable::large_size(Leaf* leaf, size_t index) {
  return leaf->word(index + 1).load(std::memory_order_relaxed) |
         uint64_t{leaf->word(index + 2).load(std::memory_order_relaxed)} << 32;
}

}  // namespace silt::track
