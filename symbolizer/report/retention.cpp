// SPDX-License-Identifier: Apache-2.0
//
// From the parts of RSS to a finding of its own kind; see the header.

#include "symbolizer/report/retention.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "symbolizer/base/quantity.h"
#include "symbolizer/report/memory_parts.h"

namespace silt::report {
namespace {

// Told from here on, and from this share of RSS.
constexpr double kWorthTelling = 16e6;
constexpr double kShare = 0.15;

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// What people can do, in careful words: none of it is right for every program.
std::string advice(const std::string& allocator) {
  if (allocator.starts_with("libc.")) {
    return "it is reused before more is asked for, so it costs little unless memory is short; "
           "malloc_trim(0), called now and then, gives back what is free; MALLOC_ARENA_MAX, often "
           "advised, makes threads share arenas and can hold more, not less; jemalloc and others "
           "return freed memory by themselves";
  }
  if (allocator.starts_with("libjemalloc")) {
    return "jemalloc gives freed pages back after dirty_decay_ms and muzzy_decay_ms (MALLOC_CONF), "
           "which work only while it is called, unless background_thread is true";
  }
  if (allocator.starts_with("libtcmalloc")) {
    return "tcmalloc gives freed pages back slowly: TCMALLOC_RELEASE_RATE, or "
           "MallocExtension::ReleaseFreeMemory";
  }
  return "it is reused before more is asked for, so it costs little unless memory is short";
}

}  // namespace

std::optional<Finding> retention_finding(const read::Recording& recording, size_t judged) {
  judged = std::min(judged, recording.snapshots.size());
  if (judged == 0) return std::nullopt;
  const read::Snapshot& last = recording.snapshots[judged - 1];
  if ((last.meta.flags & format::kFlagOwnMalloc) != 0) return std::nullopt;
  const std::optional<MemoryParts> now = memory_parts(last);
  if (!now) return std::nullopt;
  const double held = static_cast<double>(now->held);
  // In sampled recordings what is live is an estimate, and what is held the difference from it.
  const double error =
      3 *
      std::sqrt(static_cast<double>(last.meta.native.live_bytes + object_totals(last).live_bytes) *
                static_cast<double>(last.meta.sampling_interval_bytes));
  if (held - error < std::max(kWorthTelling, kShare * static_cast<double>(last.meta.rss_bytes))) {
    return std::nullopt;
  }
  Finding finding;
  finding.verdict = Verdict::kRetained;
  finding.confidence = last.meta.sampling_interval_bytes == 0 ? 0.9 : 0.7;
  for (const read::Snapshot& snapshot : recording.snapshots) {
    const std::optional<MemoryParts> parts = memory_parts(snapshot);
    finding.live_bytes.push_back(parts ? parts->held : 0);
  }
  finding.growth_bytes = static_cast<int64_t>(finding.live_bytes[judged - 1]) -
                         static_cast<int64_t>(finding.live_bytes.front());
  const std::string allocator = base_name(recording.allocator);
  finding.site.function = "allocator-retention";
  finding.headline = "not a leak: the allocator holds " + format_bytes(held) + " of freed memory";
  finding.reason = (allocator.empty() ? std::string("the allocator") : allocator) + " has " +
                   format_bytes(held + static_cast<double>(now->native_live)) +
                   " resident, of which " + format_bytes(static_cast<double>(now->native_live)) +
                   " are live in " +
                   format_counted(static_cast<double>(last.meta.native.live_blocks), "block") +
                   "; " + advice(allocator);
  return finding;
}

}  // namespace silt::report
