// SPDX-License-Identifier: Apache-2.0
//
// Sums, what explains them, and leads; see the header.

#include "symbolizer/report/findings/whole.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "symbolizer/report/findings/stack_site.h"
#include "symbolizer/report/findings/whole_sums.h"
#include "symbolizer/report/memory_parts.h"
#include "symbolizer/report/runtime.h"
#include "symbolizer/report/site.h"

namespace silt::report {
namespace {

using analyze::Curve;
using analyze::Judgement;
using analyze::Timeline;
using analyze::WholeFloor;
using read::Heap;

// Growth below these is not spoken of: what healthy processes add after warm-up. See
// docs/verdicts.md for what was measured.
constexpr WholeFloor kNativeFloor{64 * 1024, 0.02};
constexpr WholeFloor kRestFloor{8 * 1024 * 1024, 0.1};

// Live bytes of a heap that is counted block by block.
double live_of(const read::Snapshot& snapshot, Heap heap) {
  return static_cast<double>(heap == Heap::kObjects ? object_totals(snapshot).live_bytes
                                                    : snapshot.meta.native.live_bytes);
}

// Native memory and Python's objects are counted block by block: what is left when all places that
// were judged are taken away is judged by its blocks, as they are.
void judge_counted_rest(const WholeInput& input, const std::vector<Group>& groups, Heap heap,
                        Wholes& wholes) {
  const read::Recording& recording = input.recording;
  const Timeline& timeline = input.timeline;
  if (timeline.regular.size() < 2) return;
  std::unordered_set<size_t> told;
  for (const Group& group : groups) told.insert(group.stacks.begin(), group.stacks.end());
  std::unordered_set<read::StackId> joined;  // to a runtime's finding
  for (const Finding& finding : wholes.findings) {
    joined.insert(finding.stacks.begin(), finding.stacks.end());
  }
  // Names cost much: they are asked for where a runtime may have work of its own.
  const bool managed =
      std::any_of(runtimes().begin(), runtimes().end(), [&recording](const Runtime* runtime) {
        return runtime->was_in != nullptr && runtime->was_in(recording);
      });
  analyze::Series rest;
  for (size_t i = 0; i < recording.stacks.size(); ++i) {
    if (recording.stacks[i].heap != heap || !input.summaries[i].changes()) continue;
    if (joined.count(recording.stacks[i].id) > 0) told.insert(i);
    if (told.count(i) > 0) continue;
    // The collector's and compiler's own, and silt's profiler, are nobody's.
    if (managed) {
      const symbolize::Frame site =
          site_of(recording, recording.stacks[i], input.names, input.options);
      if (own_work_of(site) != OwnWork::kNone) continue;
    }
    analyze::add(rest, analyze::make_series(timeline, recording.stacks[i]));
  }
  if (rest.bytes.empty()) return;
  const Judgement judgement = analyze::judge(timeline, rest);
  if (judgement.verdict() != Verdict::kLeak) return;
  // Many places are no container: one that has few large blocks only gives the sum its steps.
  if (judgement.reason.because == analyze::Because::kContainer ||
      judgement.reason.because == analyze::Because::kContainerSteps) {
    return;
  }
  const size_t first = timeline.regular.front();
  const size_t last = timeline.regular.back();
  const auto live = [&](size_t snapshot) { return live_of(recording.snapshots[snapshot], heap); };
  const double all = live(last) - live(first);
  const double least = std::max(kNativeFloor.bytes, kNativeFloor.share * live(last));
  if (judgement.growth_bytes < std::max(least, kExplains * all)) return;
  const std::vector<Lead> leads = find_leads(
      input, heap, [](const StackSummary& s) { return s.growth_bytes; }, told);
  Curve curve = curve_of(
      timeline, [&](size_t snapshot) -> std::optional<double> { return rest.bytes[snapshot]; });
  Finding finding = finding_of(input, heap == Heap::kObjects ? "python" : "native", heap,
                               Subject::kPlace, curve, judgement, leads,
                               {{.kind = Remark::Kind::kSpread,
                                 .count = static_cast<double>(leads.size()),
                                 .leads = shares_of(leads)}});
  finding.growth_blocks = std::llround(judgement.growth_blocks);
  wholes.findings.push_back(std::move(finding));
}

// Resident, and neither a live block nor a mapping nor a JavaScript heap.
void judge_rest(const WholeInput& input, Wholes& wholes) {
  if (input.timeline.sampling_interval > 0) return;  // live bytes are estimates, and so is the rest
  const auto held = [&](size_t snapshot) -> std::optional<double> {
    const auto parts = memory_parts(input.recording.snapshots[snapshot]);
    if (!parts || parts->unknown > 0) return std::nullopt;
    return static_cast<double>(parts->held + parts->other);
  };
  const Curve curve = curve_of(input.timeline, held);
  tell_smallest(wholes, curve, kRestFloor);
  const Judgement judgement = analyze::judge_whole(curve, kRestFloor);
  if (!rises(judgement.verdict())) return;
  const Remark remark = input.own_malloc
                            ? Remark{.kind = Remark::Kind::kOwnMalloc}
                            : Remark{.kind = Remark::Kind::kFragments, .ground = Ground::kRestOnly};
  wholes.findings.push_back(
      finding_of(input, "rss", Heap::kNative, Subject::kRest, curve, judgement, {}, {remark}));
}

}  // namespace

Wholes judge_wholes(const WholeInput& input, std::vector<Group>& groups) {
  Wholes wholes;
  judge_mappings(input, groups, wholes);
  judge_counted_rest(input, groups, Heap::kNative, wholes);
  judge_counted_rest(input, groups, Heap::kObjects, wholes);
  for (const Runtime* runtime : runtimes()) {
    if (runtime->judge_wholes != nullptr) runtime->judge_wholes(input, groups, wholes);
  }
  judge_rest(input, wholes);
  return wholes;
}

}  // namespace silt::report
