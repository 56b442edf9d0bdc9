// SPDX-License-Identifier: Apache-2.0
//
// What `silt top` shows of one process at one moment: a report of the snapshots in view, with a row
// for each finding and one for each other place. No terminal and no clock.

#ifndef SILT_SYMBOLIZER_TOP_PICTURE_H_
#define SILT_SYMBOLIZER_TOP_PICTURE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "symbolizer/report/report.h"
#include "symbolizer/top/known_frames.h"

namespace silt::top {

// One leak, one row: a finding with all its stacks, or the stacks in no finding that have one site.
struct Row {
  std::string key;                         // what it is from picture to picture
  std::optional<report::Verdict> verdict;  // none: not judged, or in no finding
  double confidence = 0;                   // 0..1, of the verdict
  read::Heap heap = read::Heap::kNative;
  std::string name;         // clean, as people say it
  std::string place;        // clean: "table.cpp:31" or ""
  double growth_bytes = 0;  // since the first snapshot in view
  double growth_blocks = 0;
  double bytes_per_second = 0;  // since the previous snapshot
  double live_bytes = 0;
  std::optional<size_t> finding;      // index into Report::findings
  std::vector<read::StackId> stacks;  // largest growth first
};

struct Picture {
  report::Report report;       // of the snapshots in view
  size_t snapshots = 0;        // taken or found so far; those in view may be fewer
  double seconds = 0;          // from the first to the latest
  double step_seconds = 0;     // from the previous to the latest; 0: there is one only
  std::vector<Row> rows;       // in no order that matters
  size_t places_left_out = 0;  // stacks that changed too little to be named

  const report::SnapshotLine& first() const { return report.snapshots.front(); }
  const report::SnapshotLine& latest() const { return report.snapshots.back(); }
  const report::SnapshotLine& previous() const;
};

// `recording` holds the snapshots in view, of `snapshots` there are. Names are kept in `known`.
Picture picture_of(read::Recording& recording, size_t snapshots, KnownFrames& known);
// The rows of a report, for tests and for the above.
std::vector<Row> rows_of(const report::Report& report, double step_seconds);

}  // namespace silt::top

#endif  // SILT_SYMBOLIZER_TOP_PICTURE_H_
