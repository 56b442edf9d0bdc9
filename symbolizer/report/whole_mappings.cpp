// SPDX-License-Identifier: Apache-2.0
//
// The whole of what was mapped: resident bytes are the sum that is judged. Allocators inside
// programs and runtimes show here, in pieces too few and too large for a verdict by blocks.

#include <algorithm>
#include <optional>
#include <string>

#include "symbolizer/base/quantity.h"
#include "symbolizer/report/inner_allocator.h"
#include "symbolizer/report/memory_parts.h"
#include "symbolizer/report/site.h"
#include "symbolizer/report/whole_sums.h"

namespace silt::report {
namespace {

using analyze::Curve;
using analyze::Judgement;
using analyze::WholeFloor;
using read::Heap;

// Growth below this is not spoken of.
constexpr WholeFloor kFloor{1024 * 1024, 0.05};
// One place is accused in place of the whole when it accounts for this share.
constexpr double kNearlyAll = 0.8;
// From so many pieces on, the blocks of a mapping speak for themselves.
constexpr double kManyPieces = 20;

// What a place in a mapping claims is held against what is resident: few large pieces follow a line
// for long when the memory in them has stopped growing.
void hold_mappings(const Judgement& whole, double mapped, std::vector<Group>& groups) {
  if (whole.verdict != Verdict::kBounded && whole.verdict != Verdict::kSawtooth) return;
  for (Group& group : groups) {
    Judgement& own = group.judgement;
    if (group.heap != Heap::kMapping || !rises(group)) continue;
    if (own.growth_blocks >= kManyPieces || own.growth_bytes < kExplains * mapped) continue;
    own.verdict = whole.verdict;
    own.confidence = whole.confidence;
    own.p_value = 1;
    own.reason = "what is resident of it " + whole.reason + "; it was mapped in " +
                 format_counted(own.growth_blocks, "piece");
  }
}

// One finding of a runtime whose allocator hands out what grows: its pieces, and the containers
// that the runtime grows beside them, have no other site than the runtime's own code.
void join_runtime(const WholeInput& input, const InnerAllocator& inner, const std::string& module,
                  std::vector<Group>& groups, Finding& finding) {
  double beside = 0;
  for (Group& group : groups) {
    if (!rises(group) || group.site.kind != symbolize::FrameKind::kNative) continue;
    if (group.heap != Heap::kMapping && group.heap != Heap::kNative) continue;
    if (group.site.module != module) continue;
    if (group.heap == Heap::kNative) beside += group.judgement.growth_bytes;
    for (const size_t stack : group.stacks) {
      finding.stacks.push_back(input.recording.stacks[stack].id);
    }
    group.stacks.clear();
  }
  groups.erase(std::remove_if(groups.begin(), groups.end(),
                              [](const Group& group) { return group.stacks.empty(); }),
               groups.end());
  if (inner.runtime == "python") finding.whole = "python";
  if (beside > 0) finding.reason += "; with it " + format_bytes(beside) + " of its containers";
}

Group resident_group(const WholeInput& input, const Curve& curve, const Lead& lead,
                     const Judgement& judgement) {
  Group group;
  group.stacks = lead.stacks;
  group.site = lead.site;
  group.heap = Heap::kMapping;
  group.judgement = judgement;
  group.sum.bytes.assign(input.recording.snapshots.size(), 0);
  for (size_t i = 0; i < group.sum.bytes.size(); ++i) {
    const auto parts = memory_parts(input.recording.snapshots[i]);
    group.sum.bytes[i] = parts ? static_cast<double>(parts->mappings) : curve.values.back();
  }
  return group;
}

}  // namespace

// Mappings: what is resident of them is the sum, how much was mapped says whether it has an end.
void judge_mappings(const WholeInput& input, std::vector<Group>& groups, Wholes& wholes) {
  const Curve curve = curve_of(input.timeline, [&](size_t snapshot) -> std::optional<double> {
    const auto parts = memory_parts(input.recording.snapshots[snapshot]);
    return parts ? std::optional(static_cast<double>(parts->mappings)) : std::nullopt;
  });
  const Curve mapped = curve_of(input.timeline, [&](size_t snapshot) -> std::optional<double> {
    return static_cast<double>(input.recording.snapshots[snapshot].meta.mapping.live_bytes);
  });
  tell_smallest(wholes, curve, kFloor);
  Judgement judgement = analyze::judge_whole(curve, kFloor);
  hold_mappings(judgement, rise_of(mapped, 0), groups);
  if (judgement.verdict != Verdict::kLeak && judgement.verdict != Verdict::kGrowing) return;
  const double rise = rise_of(curve, judgement.warm_up_windows);
  const bool reserved = rise_of(mapped, 0) < kExplains * rise;
  const std::vector<Lead> leads =
      find_leads(input, Heap::kMapping, [reserved](const StackSummary& s) -> double {
        return reserved ? s.last_bytes : s.growth_bytes;
      });
  std::optional<InnerAllocator> inner;
  std::string module;
  if (!leads.empty()) {
    inner = inner_allocator(frames_of(input, leads.front().stacks.front()));
    module = leads.front().site.module;
  }
  if (inner && inner->managed) {
    wholes.notes.push_back(inner->name + " has " + format_bytes(curve.values.back()) +
                           " resident, " + format_bytes(rise) +
                           " more than at first: it collects and bounds its own heap, into which "
                           "silt does not look");
    return;
  }
  const bool runtime = inner && !inner->runtime.empty();
  const bool named = !leads.empty() && leads.front().site.kind != symbolize::FrameKind::kNative;
  if ((!runtime || named) &&
      explained_by(input, groups, Heap::kMapping) >= kExplains * rise_of(mapped, 0) && !reserved) {
    return;
  }
  const double all = bytes_of(leads);
  const std::string curve_text = "resident memory of mappings " + judgement.reason;
  if (reserved) {
    judgement.verdict = Verdict::kGrowing;
    judgement.confidence = 0.5;
  }
  // In runtimes the one who happens to need the next piece says nothing; in a program's own
  // allocator the caller is the user's code.
  if (!reserved && !runtime && !leads.empty() && leads.front().bytes >= kNearlyAll * all) {
    const Lead& lead = leads.front();
    judgement.reason = curve_text + ", " + format_percent(lead.bytes / all) +
                       " of it asked for here" + (inner ? " through " + inner->name : "") +
                       "; mapped in pieces too few to be counted";
    const std::string key = site_key(lead.site);
    groups.erase(std::remove_if(groups.begin(), groups.end(),
                                [&](const Group& group) {
                                  return group.heap == Heap::kMapping &&
                                         site_key(group.site) == key;
                                }),
                 groups.end());
    groups.push_back(resident_group(input, curve, lead, judgement));
    return;
  }
  Finding finding = finding_of(input, "mapping", Heap::kMapping, curve, judgement, leads);
  finding.reason = curve_text;
  if (reserved) {
    finding.reason += "; it lies within " + format_bytes(mapped.values.back()) +
                      " that were mapped before, and may end there";
    if (!inner && !leads.empty()) finding.reason += "; mapped by " + said_leads(leads);
  }
  if (inner) {
    finding.reason += "; the pieces are handed out by " + inner->name +
                      ", so that who asks for the next one is chance";
    finding.reason += inner->setting.empty()
                          ? "; a build without that allocator shows each block"
                          : "; " + inner->setting + " in the environment shows each block";
  } else if (!reserved && !leads.empty()) {
    finding.reason += "; no place accounts for most of it: " + said_leads(leads);
  }
  if (runtime) join_runtime(input, *inner, module, groups, finding);
  wholes.findings.push_back(std::move(finding));
}

}  // namespace silt::report
