// SPDX-License-Identifier: Apache-2.0
//
// What of each stack is mapped, by generation, for the black box: the table of mappings itself
// (mapping_table.h) is a tree, which a process that is killed in the middle of a change leaves
// torn. A hash table of sums, kept beside it as long as there is a box; a change is two additions.
// Hook context, behind the lock of the table of mappings.

#ifndef SILT_INTERPOSER_TRACK_MAPPING_COUNTS_H_
#define SILT_INTERPOSER_TRACK_MAPPING_COUNTS_H_

#include <cstdint>

#include "interposer/format/blackbox.h"
#include "interposer/track/ids.h"

namespace silt::track {

class MappingCounts {
 public:
  // From now on sums are kept. They begin at nothing.
  void begin();
  // Adds, or takes away what was added (modulo 2^64).
  void add(StackId stack, uint8_t generation, uint64_t blocks, uint64_t bytes) {
    if (entries_ != nullptr) [[unlikely]]
      add_slow(stack, generation, blocks, bytes);
  }

 private:
  void add_slow(StackId stack, uint8_t generation, uint64_t blocks, uint64_t bytes);
  bool use(uint64_t slots);

  // In the box: zeros may take their place at any time. Their number is not there.
  format::BoxMapped* entries_ = nullptr;
  uint64_t mask_ = 0;
  uint64_t used_ = 0;
  uint32_t tables_ = 0;  // made so far: the newest holds
};

}  // namespace silt::track

#endif  // SILT_INTERPOSER_TRACK_MAPPING_COUNTS_H_
