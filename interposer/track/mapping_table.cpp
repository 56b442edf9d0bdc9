// SPDX-License-Identifier: Apache-2.0
//
// See mapping_table.h. Hook context.

#include "interposer/track/mapping_table.h"

#include "interposer/base/memory.h"

namespace silt::track {

// Index of the first range that ends after `address`.
uint32_t MappingTable::lower_bound(uint64_t address) const {
  uint32_t low = 0;
  uint32_t high = count_;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (ranges_[middle].end <= address)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

void MappingTable::insert_locked(uint32_t index, const MappingRange& range) {
  if (count_ == kCapacity) {
    overflowed_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  for (uint32_t i = count_; i > index; --i) ranges_[i] = ranges_[i - 1];
  ranges_[index] = range;
  ++count_;
}

bool MappingTable::remove_locked(uint64_t start, uint64_t end) {
  uint32_t index = lower_bound(start);
  if (index == count_ || ranges_[index].start >= end) return false;
  if (ranges_[index].start < start) {
    MappingRange& range = ranges_[index];
    if (range.end > end) {
      MappingRange tail = range;
      tail.start = end;
      tail.counted = false;
      range.end = start;
      insert_locked(index + 1, tail);
      return true;
    }
    range.end = start;
    ++index;
  }
  const uint32_t first_gone = index;
  while (index < count_ && ranges_[index].end <= end) ++index;
  if (index < count_ && ranges_[index].start < end) ranges_[index].start = end;
  const uint32_t gone = index - first_gone;
  for (uint32_t i = index; gone != 0 && i < count_; ++i) ranges_[i - gone] = ranges_[i];
  count_ -= gone;
  return true;
}

void MappingTable::insert(const MappingRange& range) {
  const base::SpinGuard guard(lock_);
  if (ranges_ == nullptr) {
    ranges_ = static_cast<MappingRange*>(base::map_memory(kCapacity * sizeof(MappingRange)));
    if (ranges_ == nullptr) {
      overflowed_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
  }
  remove_locked(range.start, range.end);
  insert_locked(lower_bound(range.start), range);
}

bool MappingTable::remove(uint64_t start, uint64_t end) {
  const base::SpinGuard guard(lock_);
  return remove_locked(start, end);
}

bool MappingTable::find(uint64_t address, MappingRange* range) {
  const base::SpinGuard guard(lock_);
  const uint32_t index = lower_bound(address);
  if (index == count_ || ranges_[index].start > address) return false;
  *range = ranges_[index];
  return true;
}

}  // namespace silt::track
