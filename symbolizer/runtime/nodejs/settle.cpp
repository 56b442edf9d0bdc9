// SPDX-License-Identifier: Apache-2.0
//
// Budgets first, then what belongs together; see the header.

#include "symbolizer/runtime/nodejs/settle.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "symbolizer/analyze/step.h"
#include "symbolizer/report/findings/candidate.h"
#include "symbolizer/report/findings/chance.h"
#include "symbolizer/report/findings/managed_heap.h"
#include "symbolizer/report/memory_parts.h"
#include "symbolizer/report/site.h"
#include "symbolizer/runtime/nodejs/callerless.h"
#include "symbolizer/runtime/nodejs/heap_owners.h"
#include "symbolizer/runtime/nodejs/native_memory.h"

namespace silt::runtime::nodejs {
namespace {

using analyze::Judgement;
using analyze::Series;
using analyze::Timeline;
using analyze::Verdict;
using report::Ground;
using report::Group;
using report::Origin;
using report::OwnWork;
using report::Remark;
using report::Whole;
using symbolize::Frame;
using symbolize::FrameKind;

// A heap that grew by less than this share is flat.
constexpr double kFlat = 0.1;
// V8 allocates its books and the scratch memory of its compiler natively: books grow with the heap,
// at most by this share of it, and little is no news.
constexpr double kBookkeeping = 0.05;
constexpr double kLittle = 256 * 1024;
// Of so little, anything made of fewer blocks is no leak, nor what node makes of itself: handles of
// a few more connections under way.
constexpr double kPoolBlocks = 10;

// A snapshot finds some of the pool's work done and some not, whatever the main thread has made.
constexpr double kPoolTolerance = 0.15;

// Memory that V8 itself needs for a larger heap, or to compile. What it maps is the heap's own
// pages (from node 26 on; before, it reserves them without access, which is not recorded): the heap
// has figures of its own, and is judged by these. A doubt about it says nothing of the program: a
// snapshot may find V8 compiling or collecting, and that memory goes when the work is done.
bool is_bookkeeping(const Group& group, double heap_growth) {
  if (group.heap == read::Heap::kMapping &&
      report::own_work_of(group.site) == OwnWork::kCollecting) {
    return true;
  }
  if (group.heap != read::Heap::kNative || report::own_work_of(group.site) != OwnWork::kCollecting)
    return false;
  return group.verdict() == Verdict::kGrowing ||
         group.judgement.growth_bytes <= std::max(kLittle, kBookkeeping * heap_growth);
}

bool is_small_doubt(const Group& group) {
  const Judgement& judgement = group.judgement;
  return group.heap == read::Heap::kNative && report::is_by_chance(group) &&
         (group.verdict() == Verdict::kGrowing ||
          (group.verdict() == Verdict::kLeak &&
           (judgement.growth_blocks < kPoolBlocks || is_callerless(group))));
}

// What silt's own script keeps, and the books of the profiler that it starts.
bool is_own(const Group& group) {
  return group.site.file.ends_with("/silt-node.cjs") ||
         report::own_work_of(group.site) == OwnWork::kProfiling;
}

bool same_named_place(const Frame& a, const Frame& b) {
  return !a.function.empty() && report::same_place(a, b);
}

// Objects and the native memory that goes with them, kept by one function, are one leak.
void join_pairs(std::vector<Group>& groups) {
  for (Group& group : groups) {
    if (group.stacks.empty() || !rises(group)) continue;
    for (Group& other : groups) {
      if (&other == &group || other.stacks.empty() || !rises(other)) continue;
      if (other.heap == group.heap || !same_named_place(group.site, other.site)) continue;
      if (group.inner && other.inner && !same_named_place(*group.inner, *other.inner)) continue;
      if (other.judgement.growth_bytes > group.judgement.growth_bytes) continue;
      const bool objects = other.heap == read::Heap::kManaged;
      const bool accuses = other.verdict() == Verdict::kLeak && group.verdict() != Verdict::kLeak;
      group.remarks.push_back(
          {.kind = objects ? Remark::Kind::kWithObjects : Remark::Kind::kWithNative,
           .ground = accuses ? Ground::kPartLeaks : Ground::kNone,
           .confidence = other.decision().confidence,
           .bytes = other.judgement.growth_bytes,
           .name = other.what});
      report::absorb(group, other);
    }
  }
  groups.erase(std::remove_if(groups.begin(), groups.end(),
                              [](const Group& group) { return group.stacks.empty(); }),
               groups.end());
}

// What pool threads allocate has no caller. What the main thread makes block for block with it is
// the same leak; failing that, what grows meanwhile is where to look.
void settle_pool(const Timeline& timeline, std::vector<Group>& groups) {
  for (Group& group : groups) {
    if (!rises(group) || group.site.kind == FrameKind::kJavaScript) continue;
    if (!is_pool_memory(group.what)) continue;
    const Group* lead = nullptr;
    Group* twin = nullptr;
    for (Group& other : groups) {
      if (other.site.kind != FrameKind::kJavaScript || !rises(other)) continue;
      if (lead == nullptr) lead = &other;
      if (other.heap != read::Heap::kNative || other.stacks.empty()) continue;
      if (analyze::in_step(timeline, group.sum, other.sum, kPoolTolerance)) {
        twin = &other;
        break;
      }
    }
    if (twin != nullptr) {
      twin->remarks.push_back(
          {.kind = Remark::Kind::kPoolInStep, .bytes = group.judgement.growth_bytes});
      report::absorb(*twin, group);
      continue;
    }
    Remark remark{.kind = Remark::Kind::kByPool};
    if (lead != nullptr) {
      remark.kind = Remark::Kind::kByPoolLookAt;
      remark.place = lead->site;
    }
    group.remarks.push_back(std::move(remark));
  }
}

}  // namespace

void settle_joined(const report::Settling& input, std::vector<Group>& groups) {
  const read::Recording& recording = input.recording;
  const Timeline& timeline = input.timeline;
  const auto first_managed =
      std::stable_partition(groups.begin(), groups.end(),
                            [](const Group& group) { return group.heap != read::Heap::kManaged; });
  std::vector<Group> scripts(std::make_move_iterator(first_managed),
                             std::make_move_iterator(groups.end()));
  groups.erase(first_managed, groups.end());
  const std::vector<double> used =
      report::at_moments(recording, input.managed_timeline, report::js_used_bytes);
  const std::vector<double> live =
      report::at_moments(recording, timeline, [](const read::Snapshot& snapshot) {
        return snapshot.meta.native.live_bytes + snapshot.meta.mapping.live_bytes;
      });
  const std::vector<double> total =
      report::at_moments(recording, input.managed_timeline, report::js_total_bytes);
  const double heap_growth = total.empty() ? 0 : total.back() - total.front();
  std::erase_if(scripts, report::is_sampling_chance);
  report::hold_against(input.managed_timeline, used, Whole::kManagedHeap, scripts);
  std::erase_if(groups, [&](const Group& group) {
    return is_own(group) || is_bookkeeping(group, heap_growth) || is_small_doubt(group);
  });
  report::hold_against(timeline, live, Whole::kNative, groups);

  for (Group& group : groups) {
    // V8 is nobody's own code. It needs more for each heap that is there, worker's or not.
    if (group.verdict() == Verdict::kLeak &&
        report::own_work_of(group.site) == OwnWork::kCollecting) {
      group.remarks.push_back({.kind = Remark::Kind::kEngine, .ground = Ground::kEngine});
    }
    group.what = what_it_is(recording, recording.stacks[group.stacks.front()], input.names);
  }
  std::move(scripts.begin(), scripts.end(), std::back_inserter(groups));
  std::erase_if(groups, [](const Group& group) {
    return is_own(group) || group.verdict() == Verdict::kSteady;
  });
  settle_pool(timeline, groups);
  join_pairs(groups);
  join_by_keepers(input, groups);
  join_callerless(input.managed_timeline, groups);
  const bool heap_flat = used.size() >= 2 && used.back() - used.front() < kFlat * used.back() &&
                         std::none_of(groups.begin(), groups.end(), [](const Group& group) {
                           return group.heap == read::Heap::kManaged && rises(group);
                         });
  for (Group& group : groups) {
    group.runtime = "nodejs";
    group.beside_flat_heap = heap_flat && group.heap != read::Heap::kManaged;
  }
  report::order_groups(groups);
}

void settle_unjoined(std::vector<Group>& groups) {
  std::erase_if(groups, [](const Group& group) {
    const OwnWork work = report::own_work_of(group.site);
    return work == OwnWork::kCollecting || work == OwnWork::kProfiling;
  });
  for (Group& group : groups) {
    if (group.verdict() != Verdict::kLeak || report::origin_of(group.site) > Origin::kRuntime)
      continue;
    group.remarks.push_back({.kind = Remark::Kind::kNotJoined, .ground = Ground::kNotJoined});
  }
}

}  // namespace silt::runtime::nodejs
