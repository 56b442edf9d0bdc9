// SPDX-License-Identifier: Apache-2.0
//
// Live blocks and bytes by stack and generation, gathered by scanning the live tables. Its memory
// is mapped for one snapshot and given back. Signal context, under the snapshot slot.

#ifndef SILT_INTERPOSER_SNAPSHOT_LIVE_COUNTS_H_
#define SILT_INTERPOSER_SNAPSHOT_LIVE_COUNTS_H_

#include <cstdint>

#include "interposer/track/stack_table.h"

namespace silt::snapshot {

class LiveCounts {
 public:
  struct Count {
    uint32_t key;   // stack id << 8 | generation code, 0: free
    uint32_t next;  // index + 1 of the next count of the same stack
    uint64_t blocks;
    uint64_t bytes;
  };

  LiveCounts() = default;
  ~LiveCounts();
  LiveCounts(const LiveCounts&) = delete;
  LiveCounts& operator=(const LiveCounts&) = delete;

  // Scans all live tables. False when there was no memory for the counts.
  bool gather(uint32_t id_limit);

  // Copies the counts of one stack by ascending generation; returns how many (at most 256).
  uint32_t of_stack(track::StackId stack, Count* counts) const;
  // How many there are of all stacks.
  uint64_t count() const { return used_ + firsts_used_; }
  bool any_of_stack(track::StackId stack) const { return firsts_[track::index_of(stack)].key != 0; }

 private:
  // What a stack's blocks of the generation seen first come to; most have no other. 24 bytes.
  struct First {
    uint32_t key;   // 0: no live block
    uint32_t more;  // index + 1 of its first count in `counts_`
    uint64_t blocks;
    uint64_t bytes;
  };

  bool add(track::StackId stack, uint8_t generation, uint64_t blocks, uint64_t bytes);
  bool grow();
  static uint64_t slot_of(uint32_t key, uint64_t mask) {
    return (uint64_t{key} * 0x9e3779b97f4a7c15 >> 32) & mask;
  }

  Count* counts_ = nullptr;
  uint64_t mask_ = 0;
  uint64_t used_ = 0;
  uint64_t firsts_used_ = 0;
  First* firsts_ = nullptr;  // by stack
  uint32_t id_limit_ = 0;
  uint32_t last_ = 0;  // where the previous block was counted
};

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_LIVE_COUNTS_H_
