// SPDX-License-Identifier: Apache-2.0
//
// From the parts of RSS to a finding of its own kind; see the header.

#include "symbolizer/report/findings/retention.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "symbolizer/report/memory_parts.h"
#include "symbolizer/report/origin.h"

namespace silt::report {
namespace {

// Told from here on, and from this share of RSS.
constexpr double kWorthTellingHeld = 16e6;
constexpr double kShare = 0.15;

}  // namespace

std::optional<Finding> retention_finding(const read::Recording& recording, size_t judged) {
  judged = std::min(judged, recording.snapshots.size());
  if (judged == 0) return std::nullopt;
  const read::Snapshot& last = recording.snapshots[judged - 1];
  // Where recording began late, what is not known to be live may well be.
  if ((last.meta.flags & (format::kFlagOwnMalloc | format::kFlagArmed)) != 0) return std::nullopt;
  const std::optional<MemoryParts> now = memory_parts(last);
  if (!now) return std::nullopt;
  const double held = static_cast<double>(now->held);
  // In sampled recordings what is live is an estimate, and what is held the difference from it.
  const double error =
      3 *
      std::sqrt(static_cast<double>(last.meta.native.live_bytes + object_totals(last).live_bytes) *
                static_cast<double>(last.meta.sampling_interval_bytes));
  if (held - error <
      std::max(kWorthTellingHeld, kShare * static_cast<double>(last.meta.rss_bytes))) {
    return std::nullopt;
  }
  Finding finding;
  for (const read::Snapshot& snapshot : recording.snapshots) {
    const std::optional<MemoryParts> parts = memory_parts(snapshot);
    finding.live_bytes.push_back(parts ? parts->held : 0);
  }
  finding.growth_bytes = static_cast<int64_t>(finding.live_bytes[judged - 1]) -
                         static_cast<int64_t>(finding.live_bytes.front());
  finding.site.function = "allocator-retention";
  analyze::Reason curve;
  curve.because = Because::kAllocatorHolds;
  curve.from = static_cast<double>(now->native_live);
  curve.to = held + curve.from;
  curve.blocks = static_cast<double>(last.meta.native.live_blocks);
  const Remark allocator{.kind = Remark::Kind::kAllocator,
                         .name = std::string(base_name(recording.allocator))};
  decide(finding, {Subject::kPlace, 0, curve, {allocator}},
         last.meta.sampling_interval_bytes == 0 ? 0.9 : 0.7);
  return finding;
}

}  // namespace silt::report
