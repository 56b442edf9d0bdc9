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
  table_ = make_table(kFirstSlots);
  return filter_ != nullptr && table_ != nullptr;
}

SampledBlocks::Table* SampledBlocks::make_table(uint64_t slots) {
  auto* const table =
      static_cast<Table*>(base::map_within_limit(sizeof(Table) + slots * sizeof(Entry)));
  if (table != nullptr) table->mask = slots - 1;
  return table;
}

bool SampledBlocks::make_room() {
  if ((table_->used + 1) * 2 <= table_->mask) return true;
  uint64_t slots = table_->mask + 1;
  if (table_->live * 4 > table_->mask) slots *= 2;  // else it is full of gone entries only
  Table* const fresh = make_table(slots);
  if (fresh == nullptr) return (table_->used + 1) * 8 < table_->mask * 7;
  for (uint64_t i = 0; i <= table_->mask; ++i) {
    const uint64_t address = table_->entries[i].address.load(std::memory_order_relaxed);
    if (address <= kGone) continue;
    uint64_t to = slot(address, fresh->mask);
    while (fresh->entries[to].address.load(std::memory_order_relaxed) != 0) {
      to = (to + 1) & fresh->mask;
    }
    fresh->entries[to].block = table_->entries[i].block;
    fresh->entries[to].address.store(address, std::memory_order_relaxed);
    ++fresh->used;
    ++fresh->live;
  }
  base::unmap_memory(table_, sizeof(Table) + (table_->mask + 1) * sizeof(Entry));
  table_ = fresh;
  return true;
}

bool SampledBlocks::insert(uint64_t address, const SampledBlock& block) {
  const base::SpinGuard guard(lock_);
  if (!make_room()) return false;
  uint64_t i = slot(address, table_->mask);
  for (;; i = (i + 1) & table_->mask) {
    const uint64_t there = table_->entries[i].address.load(std::memory_order_relaxed);
    if (there == 0 || there == address) break;
  }
  Entry& entry = table_->entries[i];
  if (entry.address.load(std::memory_order_relaxed) == 0) {
    ++table_->used;
    ++table_->live;
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
  if (table_ == nullptr) return;
  for (uint64_t i = 0; i <= table_->mask; ++i) {
    table_->entries[i].address.store(0, std::memory_order_relaxed);
  }
  table_->used = 0;
  table_->live = 0;
  base::release_pages(filter_, kFilterBuckets);
}

SampledBlock SampledBlocks::take(uint64_t address) {
  const base::SpinGuard guard(lock_);
  for (uint64_t i = slot(address, table_->mask);; i = (i + 1) & table_->mask) {
    Entry& entry = table_->entries[i];
    const uint64_t there = entry.address.load(std::memory_order_relaxed);
    if (there == 0) return SampledBlock{};
    if (there != address) continue;
    entry.address.store(kGone, std::memory_order_relaxed);
    --table_->live;
    std::atomic<uint8_t>& count = filter_[bucket(address)];
    const uint8_t now = count.load(std::memory_order_relaxed);
    // A count that was ever saturated stays: its bucket is looked up for ever, and stays right.
    if (now != UINT8_MAX) count.store(static_cast<uint8_t>(now - 1), std::memory_order_relaxed);
    return entry.block;
  }
}

}  // namespace silt::track
