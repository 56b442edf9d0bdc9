// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/runtime/nodejs/callerless.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "symbolizer/report/site.h"
#include "symbolizer/runtime/nodejs/native_memory.h"

namespace silt::runtime::nodejs {
namespace {

using analyze::Judgement;
using analyze::Timeline;
using analyze::Verdict;
using report::Group;
using report::Origin;
using report::Remark;

// A rise that begins a quarter of the time later is another one.
constexpr double kApart = 0.25;
// Kolmogorov and Smirnov's distance, which one of a hundred pairs of samples of one curve exceeds.
constexpr double kOneInHundred = 1.63;

// Samples that a group's growth is known by; none where blocks are counted.
double samples_of(const Group& group) {
  const analyze::Series& sum = group.sum;
  if (sum.samples <= 0 || sum.sampled_bytes <= 0) return 0;
  return std::max(1.0, group.judgement.growth_bytes * sum.samples / sum.sampled_bytes);
}

bool same_curve(const Timeline& timeline, const Group& a, const Group& b) {
  const auto rise = [&](const Group& group, size_t moment) {
    const std::vector<double>& bytes = group.sum.bytes;
    const double first = bytes[timeline.moments.front()];
    const double all = bytes[timeline.moments.back()] - first;
    return all > 0 ? (bytes[timeline.moments[moment]] - first) / all : -1;
  };
  double error = 0;
  for (const double samples : {samples_of(a), samples_of(b)}) {
    if (samples > 0) error += 1 / samples;
  }
  const double allowed = std::max(kApart, kOneInHundred * std::sqrt(error));
  for (size_t i = 0; i < timeline.moments.size(); ++i) {
    if (std::abs(rise(a, i) - rise(b, i)) > allowed) return false;
  }
  return true;
}

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

void absorb(Group& group, Group& part) {
  Judgement& whole = group.judgement;
  const Judgement& other = part.judgement;
  whole.growth_bytes += other.growth_bytes;
  whole.growth_blocks += other.growth_blocks;
  whole.bytes_per_second += other.bytes_per_second;
  whole.blocks_per_second += other.blocks_per_second;
  group.stacks.insert(group.stacks.end(), part.stacks.begin(), part.stacks.end());
  for (size_t i = 0; i < group.sum.bytes.size() && i < part.sum.bytes.size(); ++i) {
    group.sum.bytes[i] += part.sum.bytes[i];
  }
  part.stacks.clear();
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
      if (!goes_with(group, *cause) || !same_curve(timeline, *cause, group)) continue;
      cause->remarks.push_back({.kind = Remark::Kind::kAlongWith,
                                .bytes = group.judgement.growth_bytes,
                                .place = group.site});
      absorb(*cause, group);
      break;
    }
  }
  std::erase_if(groups, [](const Group& group) { return group.stacks.empty(); });
}

}  // namespace silt::runtime::nodejs
