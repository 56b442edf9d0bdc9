// SPDX-License-Identifier: Apache-2.0
//
// Anonymous mappings that the program made itself, as ranges sorted by address. Mapping and
// unmapping cost microseconds in the kernel, so a sorted array behind a spin lock is enough here;
// a partial munmap cuts or splits a range, a fixed mapping replaces what was there. Hook context;
// a snapshot reads under the same lock.

#ifndef SILT_INTERPOSER_TRACK_MAPPING_TABLE_H_
#define SILT_INTERPOSER_TRACK_MAPPING_TABLE_H_

#include <atomic>
#include <cstdint>

#include "interposer/base/spin_lock.h"
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
  // Under the lock.
  uint32_t count() const { return count_; }
  const MappingRange& at(uint32_t index) const { return ranges_[index]; }

  uint64_t overflowed() const { return overflowed_.load(std::memory_order_relaxed); }

 private:
  static constexpr uint32_t kCapacity = 1u << 17;

  bool remove_locked(uint64_t start, uint64_t end);
  void insert_locked(uint32_t index, const MappingRange& range);
  uint32_t lower_bound(uint64_t address) const;

  base::SpinLock lock_;
  uint32_t count_ = 0;
  MappingRange* ranges_ = nullptr;  // kCapacity of them, mapped at the first insert
  std::atomic<uint64_t> overflowed_{0};
};

}  // namespace silt::track

#endif  // SILT_INTERPOSER_TRACK_MAPPING_TABLE_H_
