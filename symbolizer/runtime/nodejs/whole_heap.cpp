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

#include "symbolizer/report/findings/whole_sums.h"
#include "symbolizer/report/site.h"
#include "symbolizer/runtime/nodejs/callerless.h"
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
// One place is accused in place of the whole when it has this share of what was sampled, in so many
// samples: shares of a JavaScript heap are estimates.
constexpr double kMostSamples = 0.6;
constexpr double kEnoughSamples = 9;
// A place that made less of all that was sampled is not the cause of the rest.
constexpr double kLeastShare = 0.15;

// Curves of one JavaScript heap: heapUsed just after each of its collections. `work`: native blocks
// that were allocated until then.
Curve heap_curve(const read::Recording& recording, uint32_t thread, std::vector<double>& work) {
  Curve curve;
  uint64_t captured = 0;
  for (const read::Snapshot& snapshot : recording.snapshots) {
    if (snapshot.meta.trigger == static_cast<uint32_t>(format::Trigger::kExit)) continue;
    for (const format::ManagedHeapEntry& heap : snapshot.managed_heaps) {
      if (heap.thread_id != thread || heap.captured_elapsed_ns <= captured) continue;
      if ((heap.flags & (format::kHeapMissed | format::kHeapEnded)) != 0) continue;
      captured = heap.captured_elapsed_ns;
      curve.seconds.push_back(static_cast<double>(captured) / 1e9);
      curve.values.push_back(static_cast<double>(heap.heap_used_bytes));
      work.push_back(static_cast<double>(snapshot.meta.native.allocated_blocks));
    }
  }
  return curve;
}

double samples_of(const read::Recording& recording, const std::vector<size_t>& stacks) {
  double samples = 0;
  for (const size_t stack : stacks) {
    const auto& list = recording.stacks[stack].samples;
    if (!list.empty()) samples += static_cast<double>(list.back().samples);
  }
  return samples;
}

// The user's place that alone accounts for most of what was sampled below code of anybody's: the
// rest node makes for it, with nobody's code on the stack.
const Lead* known_place(const WholeInput& input, const std::vector<Lead>& leads) {
  const Lead* best = nullptr;
  double owned = 0;
  for (const Lead& lead : leads) {
    const Origin origin = report::origin_of(lead.site, input.options.look_through);
    if (origin <= Origin::kRuntime) continue;
    owned += lead.bytes;
    if (best == nullptr && origin == Origin::kUser) best = &lead;
  }
  if (best == nullptr || best->bytes < kMostSamples * owned) return nullptr;
  if (best->bytes < kLeastShare * report::bytes_of(leads)) return nullptr;
  return samples_of(input.recording, best->stacks) >= kEnoughSamples ? best : nullptr;
}

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

// The pace of the last third of a curve as a share of that of its fastest third, by time or by what
// was done meanwhile (`at`); 1 where it is too short to tell.
double late_share(const Curve& curve, const std::vector<double>& at) {
  constexpr size_t kFewestWindows = 6;
  if (curve.values.size() <= kFewestWindows) return 1;
  const size_t windows = curve.values.size() - 1;
  const size_t third = windows / 3;
  const auto pace = [&](size_t from) {
    return (curve.values[from + third] - curve.values[from]) /
           std::max(1e-6, at[from + third] - at[from]);
  };
  double fastest = 0;
  for (size_t from = 0; from + third <= windows; ++from) fastest = std::max(fastest, pace(from));
  return fastest > 0 ? pace(windows - third) / fastest : 1;
}

// Samples of a place tell its curve only roughly. Where it is most of what the heap grew by, the
// heap has the same curve, and is counted. A load that falls by some slows a leak as well.
void follow_the_heap(const Judgement& heap, const Curve& curve, const std::vector<double>& work,
                     std::vector<Group>& groups) {
  constexpr double kMost = 0.5;
  constexpr double kMuchSlower = 0.4;
  const double rise = heap.growth_bytes;
  const analyze::Because because = heap.reason.because;
  if (because != analyze::Because::kWholeEverSlower &&
      because != analyze::Because::kWholeAfterRush && because != analyze::Because::kWholeStopped) {
    return;
  }
  // A process that does ever less on a machine that is ever busier leaks ever more slowly.
  if (late_share(curve, curve.seconds) > kMuchSlower || late_share(curve, work) > kMuchSlower) {
    return;
  }
  for (Group& group : groups) {
    if (group.heap != Heap::kManaged || group.verdict() != Verdict::kLeak) continue;
    if (group.judgement.growth_bytes < kMost * rise) continue;
    group.remarks.push_back({.kind = Remark::Kind::kWholeSlows, .ground = Ground::kWholeGrewLess});
  }
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
  std::set<uint32_t> threads;
  for (const read::Snapshot& snapshot : recording.snapshots) {
    for (const format::ManagedHeapEntry& heap : snapshot.managed_heaps)
      threads.insert(heap.thread_id);
  }
  for (const uint32_t thread : threads) {
    std::vector<double> work;
    const Curve curve = heap_curve(recording, thread, work);
    report::tell_smallest(wholes, curve, kFloor);
    const Judgement judgement = analyze::judge_whole(curve, kFloor);
    if (threads.size() == 1) follow_the_heap(judgement, curve, work, groups);
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
    const Lead* known = known_place(input, leads);
    Group* const native = leak_beside(groups, leads);
    if (native != nullptr &&
        (known == nullptr || report::same_function(known->site, native->site))) {
      native->remarks.push_back(
          {.kind = Remark::Kind::kHeapWithIt, .thread = thread, .curve = judgement.reason});
      continue;
    }
    if (known != nullptr && judgement.verdict() == Verdict::kLeak) {
      const Lead& lead = *known;
      const std::string key = report::site_key(lead.site);
      Group place;
      for (const Group& group : groups) {
        if (group.heap == Heap::kManaged && report::site_key(group.site) == key) place = group;
      }
      groups.erase(std::remove_if(groups.begin(), groups.end(),
                                  [&](const Group& group) {
                                    return group.heap == Heap::kManaged &&
                                           report::site_key(group.site) == key;
                                  }),
                   groups.end());
      place.heap = Heap::kManaged;
      place.site = lead.site;
      place.stacks = lead.stacks;
      place.judgement = judgement;
      place.judgement.growth_bytes = lead.bytes;
      place.subject = Subject::kManagedHeap;
      place.thread = thread;
      place.remarks = {{.kind = Remark::Kind::kSampledHere, .share = lead.bytes / all}};
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
      place.sum.bytes.assign(recording.snapshots.size(), 0);
      for (const size_t stack : place.stacks) {
        for (const read::Sample& sample : recording.stacks[stack].samples) {
          place.sum.bytes[sample.snapshot] += static_cast<double>(sample.live_bytes);
        }
      }
      place.runtime = "nodejs";
      groups.push_back(std::move(place));
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
