// SPDX-License-Identifier: Apache-2.0
//
// See live_counts.h. Signal context.

#include "interposer/snapshot/live_counts.h"

#include "interposer/base/memory.h"
#include "interposer/track/recorder.h"

namespace silt::snapshot {
namespace {

constexpr uint64_t kFirstSlots = 1024;

}  // namespace

LiveCounts::~LiveCounts() {
  if (counts_ != nullptr) base::unmap_memory(counts_, (mask_ + 1) * sizeof(Count));
  if (firsts_ != nullptr) base::unmap_memory(firsts_, id_limit_ * sizeof(First));
}

bool LiveCounts::grow() {
  const uint64_t slots = counts_ == nullptr ? kFirstSlots : (mask_ + 1) * 4;
  auto* const fresh = static_cast<Count*>(base::map_populated_memory(slots * sizeof(Count)));
  if (fresh == nullptr) return false;
  for (uint64_t i = 0; counts_ != nullptr && i <= mask_; ++i) {
    if (counts_[i].key == 0) continue;
    uint64_t to = slot_of(counts_[i].key, slots - 1);
    while (fresh[to].key != 0) to = (to + 1) & (slots - 1);
    fresh[to] = counts_[i];
  }
  if (counts_ != nullptr) base::unmap_memory(counts_, (mask_ + 1) * sizeof(Count));
  counts_ = fresh;
  mask_ = slots - 1;
  last_ = 0;
  return true;
}

bool LiveCounts::add(track::StackId stack, uint8_t generation, uint64_t blocks, uint64_t bytes) {
  const uint32_t key = track::index_of(stack) << 8 | generation;
  First& first = firsts_[track::index_of(stack)];
  if (first.key == key || first.key == 0) [[likely]] {
    firsts_used_ += first.key == 0 ? 1 : 0;
    first.key = key;
    first.blocks += blocks;
    first.bytes += bytes;
    return true;
  }
  Count* count = &counts_[last_];
  if (count->key != key) {
    if (used_ * 2 > mask_) {
      if (!grow()) return false;
    }
    uint64_t at = slot_of(key, mask_);
    while (counts_[at].key != 0 && counts_[at].key != key) at = (at + 1) & mask_;
    count = &counts_[at];
    last_ = static_cast<uint32_t>(at);
    if (count->key == 0) {
      count->key = key;
      ++used_;
    }
  }
  count->blocks += blocks;
  count->bytes += bytes;
  return true;
}

bool LiveCounts::gather(uint32_t id_limit) {
  id_limit_ = id_limit;
  firsts_ = static_cast<First*>(base::map_populated_memory(id_limit * sizeof(First)));
  if (firsts_ == nullptr || !grow()) return false;
  bool complete = true;
  track::Recorder& recorder = track::recorder;
  // Stacks made since the nodes were counted are left to the next snapshot.
  // Both, where exact recording has gone over to sampling.
  const bool sampling = track::recording_mode() == track::Mode::kSampling;
  if (!sampling || recorder.fell_back.load(std::memory_order_acquire)) {
    const auto count = [&](const track::Block& block) {
      if (track::index_of(block.stack) < id_limit) {
        complete = add(block.stack, block.generation, 1, block.size_bytes) && complete;
      }
    };
    recorder.live.scan(count);
    recorder.objects.scan(count);
  }
  if (sampling || recorder.fell_back.load(std::memory_order_acquire)) {
    recorder.sampled.scan([&](const track::SampledBlock& block) {
      if (track::index_of(block.stack) < id_limit) {
        complete =
            add(block.stack, block.generation, block.weight, block.weight * block.size_bytes) &&
            complete;
      }
    });
  }
  {
    const base::SpinGuard guard(recorder.mappings.lock());
    recorder.mappings.scan(0, [&](const track::MappingRange& range) {
      if (track::index_of(range.stack) < id_limit) {
        complete =
            add(range.stack, range.generation, range.counted ? 1 : 0, range.end - range.start) &&
            complete;
      }
      return true;
    });
  }
  for (uint64_t i = 0; i <= mask_; ++i) {
    if (counts_[i].key == 0) continue;
    uint32_t& head = firsts_[counts_[i].key >> 8].more;
    counts_[i].next = head;
    head = static_cast<uint32_t>(i + 1);
  }
  return complete;
}

uint32_t LiveCounts::of_stack(track::StackId stack, Count* counts) const {
  const First& first = firsts_[track::index_of(stack)];
  if (first.key == 0) return 0;
  counts[0] = Count{first.key, 0, first.blocks, first.bytes};
  uint32_t size = 1;
  for (uint32_t at = first.more; at != 0; at = counts_[at - 1].next) {
    const Count& count = counts_[at - 1];
    uint32_t to = size++;
    for (; to > 0 && counts[to - 1].key > count.key; --to) counts[to] = counts[to - 1];
    counts[to] = count;
  }
  return size;
}

}  // namespace silt::snapshot
