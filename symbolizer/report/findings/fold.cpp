// SPDX-License-Identifier: Apache-2.0
//
// From stacks to findings; see the header.

#include "symbolizer/report/findings/fold.h"

#include <algorithm>
#include <unordered_map>

#include "symbolizer/analyze/container.h"
#include "symbolizer/analyze/statistics.h"
#include "symbolizer/report/findings/parts.h"
#include "symbolizer/report/findings/passage.h"
#include "symbolizer/report/findings/stack_site.h"
#include "symbolizer/report/runtime.h"
#include "symbolizer/report/site.h"

namespace silt::report {
namespace {

using analyze::Judgement;
using analyze::Series;
using analyze::Timeline;
using analyze::Verdict;
using symbolize::Frame;

// Among the groups that are called leaks, the share that may be chance.
constexpr double kFalseDiscoveryRate = 0.05;

// The growth of `whole` while `part` grew: since the snapshot before the first at which part was
// above its lowest by a twentieth of its rise.
double growth_meanwhile(const Timeline& timeline, const Series& whole, const Series& part) {
  const std::vector<size_t>& regular = timeline.regular;
  double low = part.bytes[regular.front()];
  for (const size_t snapshot : regular) low = std::min(low, part.bytes[snapshot]);
  const double threshold = low + 0.05 * (part.bytes[regular.back()] - low);
  size_t onset = regular.front();
  for (const size_t snapshot : regular) {
    if (part.bytes[snapshot] > threshold) break;
    onset = snapshot;
  }
  return whole.bytes[regular.back()] - whole.bytes[onset];
}

bool has_ended(Verdict verdict) {
  return verdict == Verdict::kBounded || verdict == Verdict::kSteady;
}

// The verdict on all stacks of a site together, since one line's blocks are alike whichever path
// asked for them; but a leak on one path is not to be hidden by the ups and downs of others. Growth
// on one path that others give back is only work that moved, as when code is compiled anew.
void judge_group(const Timeline& timeline, const std::vector<StackSummary>& summaries,
                 Candidate& candidate) {
  Group& group = candidate.group;
  group.sum = sum_of(candidate.members);
  group.judgement = analyze::judge(timeline, group.sum);
  if (candidate.members.size() > 1) {
    std::vector<Member> leaking;
    for (const Member& member : candidate.members) {
      if (summaries[member.stack].verdict == Verdict::kLeak) leaking.push_back(member);
    }
    const bool whole_leaks = group.verdict() == Verdict::kLeak;
    if (!leaking.empty() && !whole_leaks) {
      const Series sum = sum_of(leaking);
      if (has_ended(group.verdict()) && (analyze::is_full_with(timeline, sum, group.sum) ||
                                         analyze::is_taken_over(timeline, sum, group.sum))) {
        leaking.clear();
      }
    }
    if (!leaking.empty() && !whole_leaks) {
      const Series sum = sum_of(leaking);
      const double all = growth_meanwhile(timeline, group.sum, sum);
      if (all > 0.5 * growth_meanwhile(timeline, sum, sum)) {
        const Judgement judgement = analyze::judge(timeline, sum);
        if (judgement.verdict() == Verdict::kLeak) {
          group.judgement = judgement;
          group.sum = sum;
          candidate.members = std::move(leaking);
        }
      }
    }
  }
  order_members(timeline, candidate.members);
}

// A container whose content, made by a function that the container's stacks run through, is full.
void settle_containers(const read::Recording& recording, const Timeline& timeline,
                       const NodeFrames& names, const FoldOptions& options,
                       std::vector<Candidate>& candidates) {
  for (Candidate& container : candidates) {
    if (!rises(container.group)) continue;
    for (const Candidate& content : candidates) {
      if (&content == &container || content.group.heap != container.group.heap) continue;
      if (!has_ended(content.group.verdict())) continue;
      if (!analyze::is_full_with(timeline, container.group.sum, content.group.sum)) continue;
      if (!may_hold(recording, names, options, container, content)) continue;
      container.group.remarks.push_back(
          {.kind = Remark::Kind::kContentFull, .ground = Ground::kContentFull});
      break;
    }
  }
}

// Chance makes a leak out of one in many noisy stacks: allow a small share of those called only.
void control_false_discoveries(std::vector<Candidate>& candidates) {
  std::vector<double> p_values;
  for (const Candidate& candidate : candidates) {
    // What is known to be full has nothing to do with chance.
    const std::vector<Remark>& remarks = candidate.group.remarks;
    const bool full = std::any_of(remarks.begin(), remarks.end(), [](const Remark& remark) {
      return remark.ground == Ground::kContentFull;
    });
    p_values.push_back(full ? 1 : candidate.group.judgement.p_value);
  }
  const double threshold = analyze::false_discovery_threshold(p_values, kFalseDiscoveryRate);
  for (Candidate& candidate : candidates) {
    Group& group = candidate.group;
    if (group.verdict() != Verdict::kLeak || group.judgement.p_value <= threshold) continue;
    group.remarks.push_back({.kind = Remark::Kind::kOneOfMany,
                             .ground = Ground::kOneOfMany,
                             .count = static_cast<double>(candidates.size())});
  }
}

}  // namespace

analyze::Decision Group::decision() const {
  return decide(judgement.reason, judgement.confidence, remarks);
}

void order_groups(std::vector<Group>& groups) {
  std::stable_sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) {
    const bool a_leaks = a.verdict() == Verdict::kLeak;
    const bool b_leaks = b.verdict() == Verdict::kLeak;
    if (a_leaks != b_leaks) return a_leaks;
    return a.judgement.growth_bytes > b.judgement.growth_bytes;
  });
}

std::vector<Group> fold(const read::Recording& recording, const Timeline& timeline,
                        std::vector<StackSummary>& summaries, const NodeFrames& names,
                        const FoldOptions& options) {
  std::vector<size_t> changing;
  for (size_t i = 0; i < summaries.size(); ++i) {
    if (summaries[i].changes() && belongs(recording.stacks[i], options.heaps)) {
      changing.push_back(i);
    }
  }
  std::stable_sort(changing.begin(), changing.end(), [&](size_t a, size_t b) {
    return summaries[a].range_bytes > summaries[b].range_bytes;
  });
  // Leaks of few bytes must not fall below the cut.
  std::stable_partition(changing.begin(), changing.end(),
                        [&](size_t i) { return summaries[i].verdict == Verdict::kLeak; });
  if (changing.size() > options.most_stacks) changing.resize(options.most_stacks);
  if (timeline.regular.size() < 2) changing.clear();

  std::vector<Candidate> candidates;
  std::unordered_map<std::string, size_t> by_site;
  for (const size_t i : changing) {
    const read::Stack& stack = recording.stacks[i];
    Frame site = site_of(recording, stack, names, options);
    const std::string key = std::to_string(static_cast<int>(stack.heap)) + "\n" + site_key(site);
    const auto [at, added] = by_site.try_emplace(key, candidates.size());
    if (added) {
      candidates.emplace_back();
      candidates.back().group.site = std::move(site);
      candidates.back().group.heap = stack.heap;
    }
    candidates[at->second].members.push_back({i, analyze::make_series(timeline, stack)});
  }
  for (Candidate& candidate : candidates) judge_group(timeline, summaries, candidate);
  for (const Runtime* runtime : runtimes()) {
    if (runtime->join_places == nullptr) continue;
    runtime->join_places({recording, timeline, timeline, names}, candidates);
  }
  settle_containers(recording, timeline, names, options, candidates);
  control_false_discoveries(candidates);
  for (const Candidate& candidate : candidates) {
    for (const Member& member : candidate.members) {
      Verdict& verdict = summaries[member.stack].verdict;
      if (verdict == Verdict::kLeak) verdict = candidate.group.verdict();
    }
  }
  join_parts(recording, timeline, names, options, candidates);

  std::vector<Group> groups;
  for (Candidate& candidate : candidates) {
    Group& group = candidate.group;
    if (group.verdict() == Verdict::kSteady) continue;
    if (own_work_of(group.site) == OwnWork::kBooks) {
      for (const Member& member : candidate.members) {
        summaries[member.stack].verdict = Verdict::kSteady;
      }
      continue;
    }
    const bool rises = group.judgement.growth_bytes > 0;
    for (const Member& member : candidate.members) {
      // What goes up and down at the same site is not the leak's.
      const bool apart = group.verdict() == Verdict::kLeak &&
                         summaries[member.stack].verdict == Verdict::kSawtooth;
      const bool grows = growth_of(timeline, member.series) > 0 && !apart;
      if (grows || !rises) group.stacks.push_back(member.stack);
      if (grows && group.verdict() == Verdict::kLeak) {
        summaries[member.stack].verdict = Verdict::kLeak;
      }
    }
    if (group.stacks.empty()) {
      for (const Member& member : candidate.members) group.stacks.push_back(member.stack);
    }
    groups.push_back(std::move(group));
  }
  order_groups(groups);
  return groups;
}

}  // namespace silt::report
