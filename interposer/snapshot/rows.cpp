// SPDX-License-Identifier: Apache-2.0
//
// See rows.h. Signal context.

#include "interposer/snapshot/rows.h"

#include "interposer/track/runtime_frames.h"

namespace silt::snapshot {

bool Rows::read(uint32_t number, Row* row) {
  static constinit LiveCounts::Count counts[256]{};  // too large for the stack of a snapshot
  const track::NodeId id = numbers_.node(number);
  if (id == track::kRoot) return false;  // one that the base had
  const track::StackId stack = track::stack_at(id);
  const uint32_t generations = live_.of_stack(stack, counts);
  const track::Allocated allocated = counters_.read(stack);
  if ((allocated.blocks == 0 && generations == 0) || numbers_.is_own(id)) return false;
  const bool sampler = numbers_.is_sampler(id);
  if (sampler && generations == 0) return false;
  track::NodeId parent;
  uint64_t pc;
  track::recorder.stacks.read_node(id, &parent, &pc);
  format::HeapTotals& totals = sampler                       ? totals_.sampler
                               : pc == track::kMarkerMapping ? totals_.mapping
                               : track::is_runtime_block(pc) ? totals_.objects
                                                             : totals_.native;
  totals.allocated_blocks += allocated.blocks;
  totals.allocated_bytes += allocated.bytes;
  *row = {allocated.blocks, allocated.bytes, 0, counts};
  for (uint32_t i = 0; i < generations; ++i) {
    if (counts[i].blocks == 0 && counts[i].bytes == 0) continue;
    totals.live_blocks += counts[i].blocks;
    totals.live_bytes += counts[i].bytes;
    counts[row->generations++] = counts[i];
  }
  return true;
}

}  // namespace silt::snapshot
