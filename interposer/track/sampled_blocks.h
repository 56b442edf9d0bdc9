// SPDX-License-Identifier: Apache-2.0
//
// The live table of sampling mode: only the sampled blocks, in a hash table keyed by address, and
// in front of it a filter of one byte per bucket, small enough to stay in the cache, by which a
// free knows almost always that its block was not sampled. Look-ups take no lock; the few threads
// that sample, or free a sample, take turns behind one. Hook context.

#ifndef SILT_INTERPOSER_TRACK_SAMPLED_BLOCKS_H_
#define SILT_INTERPOSER_TRACK_SAMPLED_BLOCKS_H_

#include <atomic>
#include <cstdint>

#include "interposer/base/attributes.h"
#include "interposer/base/black_box.h"
#include "interposer/base/spin_lock.h"
#include "interposer/track/stack_table.h"

namespace silt::track {

struct SampledBlock {
  uint64_t size_bytes = 0;
  StackId stack = kNoStack;
  uint32_t weight = 0;  // how many blocks this one stands for
  uint8_t generation = 0;
};

class SampledBlocks {
 public:
  bool initialize();

  SILT_ALWAYS_INLINE bool perhaps(uint64_t address) const {
    return filter_[bucket(address)].load(std::memory_order_relaxed) != 0;
  }

  bool insert(uint64_t address, const SampledBlock& block);
  // Stack 0 when the block was not sampled.
  SampledBlock take(uint64_t address);

  template <typename Visitor>
  void scan(Visitor&& visit) {
    const base::SpinGuard guard(lock_);
    for (uint64_t i = 0; entries_ != nullptr && i <= mask_; ++i) {
      const Entry& entry = entries_[i];
      if (entry.address.load(std::memory_order_relaxed) > kGone) visit(entry.block);
    }
  }

  // Forgets every block.
  void clear();

  // Whether it was ever initialized.
  bool in_use() const { return entries_ != nullptr; }

  // In the child of a fork that has lost the tables to its parent: begins empty, if it was in use.
  bool begin_anew();

  base::SpinLock& lock() { return lock_; }

 private:
  static constexpr uint64_t kFilterBuckets = uint64_t{1} << 17;
  static constexpr uint64_t kGone = 1;  // an address that was removed

  struct Entry {
    std::atomic<uint64_t> address;
    SampledBlock block;
  };
  static_assert(sizeof(Entry) == sizeof(format::BoxSample));
  static constexpr base::PieceLabel kLabel{format::BoxKind::kSampled, 0};

  SILT_ALWAYS_INLINE static uint64_t bucket(uint64_t address) {
    return (address >> 4) * 0x9e3779b97f4a7c15 >> 47;
  }
  static uint64_t slot(uint64_t address, uint64_t mask) {
    return ((address >> 3) * 0xd6e8feb86659fd93 >> 20) & mask;
  }
  Entry* make_entries(uint64_t slots);
  bool make_room();

  std::atomic<uint8_t>* filter_ = nullptr;  // saturating counts of samples by bucket
  // Apart from the entries, which lie in the black box where there is one: their number must not be
  // lost with them.
  Entry* entries_ = nullptr;
  uint64_t mask_ = 0;
  uint64_t used_ = 0;  // entries not free, gone ones included
  uint64_t live_ = 0;
  uint32_t tables_ = 0;  // made so far: the newest holds
  base::SpinLock lock_;
};

}  // namespace silt::track

#endif  // SILT_INTERPOSER_TRACK_SAMPLED_BLOCKS_H_
