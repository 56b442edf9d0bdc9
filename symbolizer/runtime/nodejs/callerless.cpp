// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/runtime/nodejs/callerless.h"

#include <algorithm>

#include "symbolizer/report/findings/managed_heap.h"
#include "symbolizer/report/site.h"
#include "symbolizer/runtime/nodejs/native_memory.h"

namespace silt::runtime::nodejs {
namespace {

using analyze::Timeline;
using analyze::Verdict;
using report::Group;
using report::Origin;
using report::Remark;

// What is allocated with none of the user's code on the stack: by node, or by packages that node
// calls, where the larger part is the user's.
bool goes_with(const Group& group, const Group& cause) {
  if (is_callerless(group)) return true;
  return report::origin_of(group.site) == Origin::kLibrary && !is_pool_memory(group.what) &&
         group.judgement.growth_bytes <= cause.judgement.growth_bytes;
}

}  // namespace

bool is_callerless(const Group& group) {
  return report::origin_of(group.site) <= Origin::kRuntime && !is_pool_memory(group.what);
}

void join_callerless(const Timeline& timeline, std::vector<Group>& groups) {
  if (timeline.moments.size() < 4) return;
  std::vector<Group*> causes;
  for (Group& group : groups) {
    if (group.stacks.empty() || group.verdict() != Verdict::kLeak) continue;
    if (report::origin_of(group.site) == Origin::kUser) causes.push_back(&group);
  }
  std::stable_sort(causes.begin(), causes.end(), [](const Group* a, const Group* b) {
    return a->judgement.growth_bytes > b->judgement.growth_bytes;
  });
  for (Group& group : groups) {
    if (group.stacks.empty() || !rises(group)) continue;
    for (Group* cause : causes) {
      if (!goes_with(group, *cause) || !report::same_curve(timeline, *cause, group)) continue;
      cause->remarks.push_back({.kind = Remark::Kind::kAlongWith,
                                .bytes = group.judgement.growth_bytes,
                                .place = group.site});
      report::absorb(*cause, group);
      break;
    }
  }
  std::erase_if(groups, [](const Group& group) { return group.stacks.empty(); });
}

}  // namespace silt::runtime::nodejs
