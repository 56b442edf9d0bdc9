// SPDX-License-Identifier: Apache-2.0
//
// See mapping_counts.h. Hook context.

#include "interposer/track/mapping_counts.h"

#include "interposer/base/black_box.h"

namespace silt::track {
namespace {

constexpr uint64_t kFirstSlots = 1024;
constexpr base::PieceLabel kLabel{format::BoxKind::kMapped, 0};

uint64_t slot_of(uint64_t key, uint64_t mask) { return (key * 0x9e3779b97f4a7c15 >> 32) & mask; }

}  // namespace

void MappingCounts::begin() {
  entries_ = nullptr;
  used_ = 0;
  use(kFirstSlots);
}

// What is in the table so far moves to a larger one, which readers find once it is whole. Sums of
// nothing stay behind. False when there is no room in the box.
bool MappingCounts::use(uint64_t slots) {
  const size_t size_bytes = slots * sizeof(format::BoxMapped);
  auto* const fresh = static_cast<format::BoxMapped*>(base::black_box.take(size_bytes, {}, 0));
  if (fresh == nullptr) return false;
  uint64_t kept = 0;
  for (uint64_t i = 0; entries_ != nullptr && i <= mask_; ++i) {
    const format::BoxMapped& entry = entries_[i];
    if (entry.key == 0 || (entry.blocks == 0 && entry.bytes == 0)) continue;
    uint64_t to = slot_of(entry.key, slots - 1);
    while (fresh[to].key != 0) to = (to + 1) & (slots - 1);
    fresh[to] = entry;
    ++kept;
  }
  base::black_box.publish(fresh, kLabel, ++tables_);
  if (entries_ != nullptr) base::black_box.give_back(entries_);
  entries_ = fresh;
  mask_ = slots - 1;
  used_ = kept;
  return true;
}

void MappingCounts::add_slow(StackId stack, uint8_t generation, uint64_t blocks, uint64_t bytes) {
  if ((used_ + 1) * 2 > mask_ && !use((mask_ + 1) * 2) && (used_ + 1) * 8 > mask_ * 7) return;
  const uint64_t key = format::kBoxMappedKey | uint64_t{index_of(stack)} << 8 | generation;
  uint64_t i = slot_of(key, mask_);
  // (A bound, since nothing is certain about memory that others can truncate.)
  for (uint64_t steps = 0; entries_[i].key != 0 && entries_[i].key != key; ++steps) {
    if (steps > mask_) return;
    i = (i + 1) & mask_;
  }
  format::BoxMapped& entry = entries_[i];
  if (entry.key == 0) ++used_;
  entry.blocks += blocks;
  entry.bytes += bytes;
  __atomic_store_n(&entry.key, key, __ATOMIC_RELEASE);
}

}  // namespace silt::track
