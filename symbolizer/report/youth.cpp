// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/report/youth.h"

#include <algorithm>

#include "symbolizer/base/quantity.h"

namespace silt::report {
namespace {

// Of all findings with verdict leak of programs that nobody had tuned to, those of leaking ones:
// 73 % at 12 s, 75 % at 18 s, 83 % at 25 s, 76 % at 45 s; 84 % at 65 s, 93 % at 90 s, 92 % at 120
// s.
struct Age {
  double below_seconds;
  double confidence;
};
constexpr Age kAges[] = {{60, 0.8}, {120, 0.9}};

bool by_curve(const Finding& finding) {
  // (What nothing points to is no table.)
  const bool lost = !finding.owners.empty() && finding.owners.front().kind == "lost";
  return finding.verdict == Verdict::kLeak && !lost;
}

}  // namespace

std::string doubt_young(const read::Recording& recording, const analyze::Timeline& timeline,
                        Report& report) {
  if (timeline.regular.size() < 2) return "";
  const double seconds =
      static_cast<double>(recording.snapshots[timeline.regular.back()].meta.elapsed_ns) / 1e9;
  const auto* const age = std::find_if(std::begin(kAges), std::end(kAges),
                                       [&](const Age& one) { return seconds < one.below_seconds; });
  if (age == std::end(kAges)) return "";
  bool any = false;
  for (Finding& finding : report.findings) {
    if (!by_curve(finding) || finding.confidence <= age->confidence) continue;
    finding.why.remarks.push_back({.kind = Remark::Kind::kYoung,
                                   .ground = Ground::kYoung,
                                   .confidence = age->confidence,
                                   .count = seconds});
    finding.confidence =
        analyze::with_ground({finding.verdict, finding.confidence}, Ground::kYoung, age->confidence)
            .confidence;
    any = true;
  }
  if (!any) return "";
  return "the process was " + format_duration(seconds) +
         " old at the last snapshot, when a table that fills looks like a leak, so no finding by "
         "its curve is more than " +
         format_percent(age->confidence) + " sure: a run of two minutes or more tells them apart";
}

}  // namespace silt::report
