// SPDX-License-Identifier: Apache-2.0
//
// See line_up.h.

#include "symbolizer/report/line_up.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace silt::report {
namespace {

// For each moment the snapshot whose figures hold; none: the process had not begun.
using Moments = std::vector<std::optional<size_t>>;

// A snapshot of the same round is taken a little later: it counts for a moment up to half way to
// the next.
uint64_t latest_for(const std::vector<SnapshotLine>& moments, size_t at) {
  if (at + 1 >= moments.size()) return UINT64_MAX;
  return moments[at].realtime_ns + (moments[at + 1].realtime_ns - moments[at].realtime_ns) / 2;
}

Moments moments_of(const Report& report, const std::vector<SnapshotLine>& moments) {
  Moments result;
  size_t next = 0;
  for (size_t i = 0; i < moments.size(); ++i) {
    while (next < report.snapshots.size() &&
           report.snapshots[next].realtime_ns <= latest_for(moments, i)) {
      ++next;
    }
    if (next > 0) {
      result.push_back(next - 1);
    } else if (report.start_realtime_ns > moments[i].realtime_ns) {
      result.push_back(std::nullopt);
    } else {
      result.push_back(0);
    }
  }
  return result;
}

void bring_to(const Moments& moments, std::vector<uint64_t>& values) {
  if (values.empty()) return;
  std::vector<uint64_t> result;
  for (const std::optional<size_t>& at : moments) {
    result.push_back(at ? values[std::min(*at, values.size() - 1)] : 0);
  }
  values = std::move(result);
}

SnapshotLine line_at(const Report& report, const std::optional<size_t>& at,
                     const SnapshotLine& moment) {
  SnapshotLine line;
  if (at) {
    line = report.snapshots[*at];
  } else {
    line.parts = MemoryParts{};
  }
  line.sequence = moment.sequence;
  line.realtime_ns = moment.realtime_ns;
  line.elapsed_seconds = moment.elapsed_seconds;
  return line;
}

}  // namespace

size_t leading(const std::vector<Report>& reports) {
  size_t best = 0;
  for (size_t i = 1; i < reports.size(); ++i) {
    const Report& a = reports[i];
    const Report& b = reports[best];
    const bool more_judged = a.judged_snapshots > b.judged_snapshots;
    const bool more_of_all =
        a.judged_snapshots == b.judged_snapshots && a.snapshots.size() > b.snapshots.size();
    if (more_judged || more_of_all) best = i;
  }
  return best;
}

void line_up(std::vector<Report>& reports) {
  if (reports.empty()) return;
  const std::vector<SnapshotLine> moments = reports[leading(reports)].snapshots;
  for (Report& report : reports) {
    if (report.snapshots.empty()) continue;
    const Moments own = moments_of(report, moments);
    std::vector<SnapshotLine> lines;
    for (size_t i = 0; i < own.size(); ++i) lines.push_back(line_at(report, own[i], moments[i]));
    report.snapshots = std::move(lines);
    for (Finding& finding : report.findings) bring_to(own, finding.live_bytes);
    for (StackLine& stack : report.stacks) {
      bring_to(own, stack.live_bytes);
      bring_to(own, stack.live_blocks);
    }
  }
}

}  // namespace silt::report
