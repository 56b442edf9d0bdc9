// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/runtime/jvm/places.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

#include "symbolizer/report/findings/managed_heap.h"
#include "symbolizer/report/findings/stack_site.h"
#include "symbolizer/report/site.h"

namespace silt::runtime::jvm {
namespace {

using analyze::Verdict;
using report::Group;
using report::Origin;
using report::Remark;
using symbolize::Frame;
using symbolize::FrameList;

// A thing that bends speaks for what is made along with it where it is so much larger.
constexpr double kMuchLarger = 3;

bool is_constructor(const Frame& frame) { return frame.function.ends_with(".<init>"); }

FrameList frames_of(const report::Settling& input, const Group& group) {
  return report::frames_of(input.recording, input.recording.stacks[group.stacks.front()],
                           input.names);
}

// The line that makes the object whose constructor the site is in; the site itself elsewhere.
const Frame* maker_of(const FrameList& frames, const Frame& site) {
  const auto at = report::site_in(frames, site);
  if (!at) return nullptr;
  size_t maker = *at;
  while (maker + 1 < frames.size() && is_constructor(frames[maker])) ++maker;
  return report::origin_of(frames[maker]) == Origin::kUser ? &frames[maker] : nullptr;
}

// Largest growth first, leaks before all.
void order(std::vector<Group>& groups) {
  std::stable_sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) {
    const bool a_leaks = a.verdict() == Verdict::kLeak;
    const bool b_leaks = b.verdict() == Verdict::kLeak;
    if (a_leaks != b_leaks) return a_leaks;
    return a.judgement.growth_bytes > b.judgement.growth_bytes;
  });
}

// What threads of the JDK's make when a time is over, or a task is done.
void join_callerless(const report::Settling& input, std::vector<Group>& groups) {
  for (Group& group : groups) {
    if (group.stacks.empty() || !rises(group)) continue;
    if (report::origin_of(group.site) > Origin::kRuntime) continue;
    for (Group& cause : groups) {
      if (cause.stacks.empty() || cause.verdict() != Verdict::kLeak ||
          report::origin_of(cause.site) != Origin::kUser ||
          !report::same_curve(input.managed_timeline, cause, group)) {
        continue;
      }
      cause.remarks.push_back({.kind = Remark::Kind::kAlongWith,
                               .bytes = group.judgement.growth_bytes,
                               .place = group.site});
      report::absorb(cause, group);
      break;
    }
  }
}

// Whether a function of this name is on the stack, called by code of the program's own.
bool is_called_in(const FrameList& frames, const Frame& site) {
  const auto same = [&site](const Frame& frame) { return report::same_function(frame, site); };
  const auto at = std::find_if(frames.begin(), frames.end(), same);
  return at != frames.end() && std::any_of(at + 1, frames.end(), [](const Frame& frame) {
           return report::origin_of(frame) == Origin::kUser;
         });
}

// An entry of a map and what it leads to are made by one function. The smaller has fewer samples,
// and its curve may look like a line where that of the larger shows that it ends.
void doubt_parts(const report::Settling& input, std::vector<Group>& groups) {
  for (Group& group : groups) {
    if (group.verdict() != Verdict::kLeak) continue;
    for (const Group& larger : groups) {
      if (larger.verdict() != Verdict::kBounded || larger.stacks.empty() ||
          larger.judgement.growth_bytes < kMuchLarger * group.judgement.growth_bytes ||
          !is_called_in(frames_of(input, larger), group.site)) {
        continue;
      }
      group.remarks.push_back({.kind = Remark::Kind::kMadeWithSlower,
                               .ground = report::Ground::kWholeGrewLess,
                               .bytes = larger.judgement.growth_bytes,
                               .place = larger.site});
      break;
    }
  }
}

}  // namespace

void join_constructed(const read::Recording& recording, const report::NodeFrames& names,
                      std::vector<Group>& groups) {
  order(groups);
  std::map<std::string, Group*> makers;
  for (Group& group : groups) {
    if (!rises(group) || group.stacks.empty() || group.heap != read::Heap::kManaged) continue;
    const FrameList frames =
        report::frames_of(recording, recording.stacks[group.stacks.front()], names);
    const Frame* const maker = maker_of(frames, group.site);
    if (maker == nullptr) continue;
    const auto [at, added] = makers.try_emplace(report::site_key(*maker), &group);
    if (!added) report::absorb(*at->second, group);
  }
  std::erase_if(groups, [](const Group& group) {
    return group.heap == read::Heap::kManaged && group.stacks.empty();
  });
}

void join_places(const report::Settling& input, std::vector<Group>& groups) {
  join_constructed(input.recording, input.names, groups);
  join_callerless(input, groups);
  std::erase_if(groups, [](const Group& group) { return group.stacks.empty(); });
  doubt_parts(input, groups);
}

}  // namespace silt::runtime::jvm
