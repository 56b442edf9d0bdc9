// SPDX-License-Identifier: Apache-2.0
//
// The rows of a snapshot: what was allocated at each node, and what of it lives, by generation; and
// what all of them come to. Signal context, under the snapshot slot.

#ifndef SILT_INTERPOSER_SNAPSHOT_ROWS_H_
#define SILT_INTERPOSER_SNAPSHOT_ROWS_H_

#include <cstdint>

#include "interposer/format/snapshot.h"
#include "interposer/snapshot/live_counts.h"
#include "interposer/snapshot/node_numbers.h"
#include "interposer/track/counters.h"
#include "interposer/track/recorder.h"

namespace silt::snapshot {

struct Row {
  uint64_t blocks = 0;  // allocated
  uint64_t bytes = 0;
  uint32_t generations = 0;
  const LiveCounts::Count* live = nullptr;  // by ascending generation; until the next is read
};

struct RowTotals {
  format::HeapTotals native{};
  format::HeapTotals mapping{};
  format::HeapTotals objects{};
  format::HeapTotals sampler{};  // of a runtime's profiler: in no figure of the program's
};

class Rows {
 public:
  Rows(NodeNumbers& numbers, const LiveCounts& live)
      : numbers_(numbers), live_(live), counters_(track::recorder.counters) {}

  // Adds it to the totals: each number once. False: there is none.
  bool read(uint32_t number, Row* row);
  const RowTotals& totals() const { return totals_; }

 private:
  NodeNumbers& numbers_;
  const LiveCounts& live_;
  track::Counters::Reader counters_;
  RowTotals totals_;
};

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_ROWS_H_
