// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/runtime/nodejs/whole_heap.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "symbolizer/report/findings/managed_heap.h"
#include "symbolizer/report/site.h"
#include "symbolizer/runtime/nodejs/callerless.h"
#include "symbolizer/runtime/nodejs/heap_owners.h"
#include "symbolizer/runtime/nodejs/keepers.h"
#include "symbolizer/runtime/nodejs/native_memory.h"
#include "symbolizer/runtime/nodejs/outside_heaps.h"

namespace silt::runtime::nodejs {
namespace {

using analyze::Curve;
using analyze::Judgement;
using analyze::Verdict;
using analyze::WholeFloor;
using read::Heap;
using report::Finding;
using report::Ground;
using report::Group;
using report::Lead;
using report::Origin;
using report::Remark;
using report::Subject;
using report::WholeInput;
using report::Wholes;

// Growth below this is not spoken of: see docs/verdicts.md for what healthy servers add.
constexpr WholeFloor kFloor{256 * 1024, 0.03};
// The one leak of native memory whose place is among those that added JavaScript objects: a wrapper
// for each piece of it.
Group* leak_beside(std::vector<Group>& groups, const std::vector<Lead>& leads) {
  Group* found = nullptr;
  for (Group& group : groups) {
    if (group.verdict() != Verdict::kLeak) continue;
    const bool script = group.site.kind == symbolize::FrameKind::kJavaScript;
    if (is_callerless(group) || (is_pool_memory(group.what) && !script)) continue;
    if (found != nullptr) return nullptr;
    found = &group;
  }
  if (found == nullptr || found->heap == Heap::kManaged) return nullptr;
  const bool among = std::any_of(leads.begin(), leads.end(), [&](const Lead& lead) {
    return report::same_function(lead.site, found->site) && lead.site.line == found->site.line;
  });
  return among ? found : nullptr;
}

// heapUsed also counts what V8 would give up if it had to: code that ran once, space that a copy of
// the process finds free.
std::optional<Remark> listed_less(const read::Recording& recording, uint32_t thread, double rise,
                                  double judged_seconds) {
  constexpr double kMost = 0.5;
  const auto listed = listed_growth(recording, thread, judged_seconds);
  if (!listed || *listed >= kMost * rise) return std::nullopt;
  return Remark{
      .kind = Remark::Kind::kListedLess, .ground = Ground::kWholeGrewLess, .bytes = *listed};
}

}  // namespace

void judge_heaps(const WholeInput& input, std::vector<Group>& groups, Wholes& wholes) {
  const read::Recording& recording = input.recording;
  judge_outside_heaps(input, wholes);
  if (recording.has_heaps_of_another("nodejs")) return;
  std::set<uint32_t> threads;
  for (const read::Snapshot& snapshot : recording.snapshots) {
    for (const format::ManagedHeapEntry& heap : snapshot.managed_heaps)
      threads.insert(heap.thread_id);
  }
  for (const uint32_t thread : threads) {
    const Curve curve = report::heap_curve(recording, thread);
    report::tell_smallest(wholes, curve, kFloor);
    const Judgement judgement = analyze::judge_whole(curve, kFloor);
    if (threads.size() == 1)
      report::follow_the_heap(judgement, curve, report::heap_work(recording, thread), groups);
    if (!rises(judgement.verdict())) continue;
    const double rise = report::rise_of(curve, judgement.warm_up_windows);
    // What node makes with none of the user's code on the stack explains nothing.
    std::vector<Group> callers = groups;
    std::erase_if(callers, is_callerless);
    if (report::explained_by(input, callers, Heap::kManaged) >= report::kExplains * rise) continue;
    const std::vector<Lead> leads = report::find_leads(
        input, Heap::kManaged, [](const report::StackSummary& s) { return s.growth_bytes; });
    const double all = report::bytes_of(leads);
    const std::optional<Remark> less =
        listed_less(recording, thread, rise, input.timeline.length_seconds);
    // The place is known, and only its own samples were too few for its curve.
    const Lead* known = report::known_place(input, leads);
    Group* const native = leak_beside(groups, leads);
    if (native != nullptr &&
        (known == nullptr || report::same_function(known->site, native->site))) {
      native->remarks.push_back(
          {.kind = Remark::Kind::kHeapWithIt, .thread = thread, .curve = judgement.reason});
      continue;
    }
    if (known != nullptr && judgement.verdict() == Verdict::kLeak) {
      Group place = report::place_of_heap(*known, judgement, all, groups);
      place.thread = thread;
      if (less) place.remarks.push_back(*less);
      const auto callerless = [](const Group& group) {
        return group.heap == Heap::kManaged && is_callerless(group);
      };
      for (const Group& group : groups) {
        if (!callerless(group) || group.verdict() != Verdict::kLeak) continue;
        place.judgement.growth_bytes += group.judgement.growth_bytes;
        place.remarks.push_back({.kind = Remark::Kind::kMoreBy,
                                 .bytes = group.judgement.growth_bytes,
                                 .place = group.site});
        place.stacks.insert(place.stacks.end(), group.stacks.begin(), group.stacks.end());
      }
      std::erase_if(groups, callerless);
      report::sum_of_stacks(recording, place);
      place.runtime = "nodejs";
      groups.push_back(std::move(place));
      join_by_keepers({recording, input.timeline, input.timeline, input.names}, groups);
      continue;
    }
    std::erase_if(groups, [](const Group& group) {
      return group.heap == Heap::kManaged && is_callerless(group) &&
             group.verdict() == Verdict::kLeak;
    });
    std::vector<Remark> remarks = {
        {.kind = leads.empty() ? Remark::Kind::kNoSample : Remark::Kind::kFewSamples,
         .leads = report::shares_of(leads)}};
    if (less) remarks.push_back(*less);
    Finding finding = report::finding_of(input, "js", Heap::kManaged, Subject::kManagedHeap, curve,
                                         judgement, leads, std::move(remarks));
    finding.why.thread = thread;
    wholes.findings.push_back(std::move(finding));
  }
}

}  // namespace silt::runtime::nodejs
