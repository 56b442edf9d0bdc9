// SPDX-License-Identifier: Apache-2.0
//
// What is taken out of the tables before a real free or realloc, and put back when that failed: the
// record of a block is gone before its address can be another's. Hook context.

#ifndef SILT_INTERPOSER_TRACK_TAKEN_BLOCKS_H_
#define SILT_INTERPOSER_TRACK_TAKEN_BLOCKS_H_

#include "interposer/track/live_table.h"
#include "interposer/track/mapping_table.h"
#include "interposer/track/sampled_blocks.h"

namespace silt::track {

// What was recorded of a block: in one of the two, kNoStack in the other.
struct Taken {
  Block exact;
  SampledBlock sampled;

  bool any() const { return exact.stack != kNoStack || sampled.stack != kNoStack; }
};

// Forgets a block that may be in either table, where exact recording has gone over to sampling.
Taken take_from_either(const void* address);
// Likewise, of a runtime's own allocator.
Taken take_object_from_either(const void* address);
// Puts a block back whose realloc failed.
void restore(const void* address, const Taken& taken);
void restore_object(const void* address, const Taken& taken);
// The same of a mapping.
void restore(const MappingRange& range);

}  // namespace silt::track

#endif  // SILT_INTERPOSER_TRACK_TAKEN_BLOCKS_H_
