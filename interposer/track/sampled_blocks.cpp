// SPDX-License-Identifier: Apache-2.0
//
// See sampled_blocks.h. Hook context.

#include "interposer/track/sampled_blocks.h"

#include "interposer/base/memory.h"

namespace silt::track {
namespace {

constexpr uint64_t kFirstSlots = 1024;

}  // namespace

bool SampledBlocks::initialize() {
  filter_ = static_cast<std::atomic<uint8_t>*>(base::map_memory(kFilterBuckets));
  entries_ = make_entries(kFirstSlots);
  if (entries_ == nullptr) return false;
  mask_ = kFirstSlots - 1;
  base::black_box.publish(entries_, kLabel, tables_);
  return filter_ != nullptr;
}

// The reader of a black box finds them when they are published.
SampledBlocks::Entry* SampledBlocks::make_entries(uint64_t slots) {
  const size_t size_bytes = slots * sizeof(Entry);
  ++tables_;
  if (!base::fits_memory_limit(size_bytes)) return nullptr;
  void* const piece = base::black_box.take(size_bytes, {}, 0);
  return static_cast<Entry*>(piece != nullptr ? piece : base::map_memory(size_bytes));
}

bool SampledBlocks::begin_anew() {
  if (entries_ == nullptr) return true;
  base::release_pages(filter_, kFilterBuckets);
  used_ = live_ = 0;
  entries_ = make_entries(kFirstSlots);
  mask_ = kFirstSlots - 1;
  if (entries_ != nullptr) base::black_box.publish(entries_, kLabel, tables_);
  return entries_ != nullptr;
}

bool SampledBlocks::make_room() {
  if ((used_ + 1) * 2 <= mask_) return true;
  uint64_t slots = mask_ + 1;
  if (live_ * 4 > mask_) slots *= 2;  // else it is full of gone entries only
  Entry* const fresh = make_entries(slots);
  if (fresh == nullptr) return (used_ + 1) * 8 < mask_ * 7;
  uint64_t kept = 0;
  for (uint64_t i = 0; i <= mask_; ++i) {
    const uint64_t address = entries_[i].address.load(std::memory_order_relaxed);
    if (address <= kGone) continue;
    uint64_t to = slot(address, slots - 1);
    while (fresh[to].address.load(std::memory_order_relaxed) != 0) to = (to + 1) & (slots - 1);
    fresh[to].block = entries_[i].block;
    fresh[to].address.store(address, std::memory_order_relaxed);
    ++kept;
  }
  base::black_box.publish(fresh, kLabel, tables_);
  base::unmap_piece(entries_, (mask_ + 1) * sizeof(Entry));
  entries_ = fresh;
  mask_ = slots - 1;
  used_ = live_ = kept;
  return true;
}

bool SampledBlocks::insert(uint64_t address, const SampledBlock& block) {
  const base::SpinGuard guard(lock_);
  if (!make_room()) return false;
  uint64_t i = slot(address, mask_);
  for (;; i = (i + 1) & mask_) {
    const uint64_t there = entries_[i].address.load(std::memory_order_relaxed);
    if (there == 0 || there == address) break;
  }
  Entry& entry = entries_[i];
  if (entry.address.load(std::memory_order_relaxed) == 0) {
    ++used_;
    ++live_;
    std::atomic<uint8_t>& count = filter_[bucket(address)];
    const uint8_t now = count.load(std::memory_order_relaxed);
    if (now != UINT8_MAX) count.store(static_cast<uint8_t>(now + 1), std::memory_order_relaxed);
  }
  entry.block = block;
  entry.address.store(address, std::memory_order_release);
  return true;
}

void SampledBlocks::clear() {
  const base::SpinGuard guard(lock_);
  if (entries_ == nullptr) return;
  for (uint64_t i = 0; i <= mask_; ++i) {
    entries_[i].address.store(0, std::memory_order_relaxed);
  }
  used_ = 0;
  live_ = 0;
  base::release_pages(filter_, kFilterBuckets);
}

SampledBlock SampledBlocks::take(uint64_t address) {
  const base::SpinGuard guard(lock_);
  for (uint64_t i = slot(address, mask_);; i = (i + 1) & mask_) {
    Entry& entry = entries_[i];
    const uint64_t there = entry.address.load(std::memory_order_relaxed);
    if (there == 0) return SampledBlock{};
    if (there != address) continue;
    entry.address.store(kGone, std::memory_order_relaxed);
    --live_;
    std::atomic<uint8_t>& count = filter_[bucket(address)];
    const uint8_t now = count.load(std::memory_order_relaxed);
    // A count that was ever saturated stays: its bucket is looked up for ever, and stays right.
    if (now != UINT8_MAX) count.store(static_cast<uint8_t>(now - 1), std::memory_order_relaxed);
    return entry.block;
  }
}

}  // namespace silt::track
