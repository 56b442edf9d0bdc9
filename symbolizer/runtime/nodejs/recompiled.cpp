// SPDX-License-Identifier: Apache-2.0
//
// Callees that stopped where their caller began; see the header.

#include "symbolizer/runtime/nodejs/recompiled.h"

#include <algorithm>
#include <string>

#include "symbolizer/read/stack_nodes.h"
#include "symbolizer/report/site.h"

namespace silt::runtime::nodejs {
namespace {

using analyze::Series;
using analyze::Timeline;
using analyze::Verdict;
using report::Candidate;
using report::Member;
using report::NodeFrames;
using report::Origin;
using report::Remark;
using symbolize::Frame;
using symbolize::FrameKind;

// V8 inlines calls of calls, but not deeply.
constexpr size_t kInlinedCalls = 4;
// A function that still allocates at this share of its first pace has not vanished.
constexpr double kGone = 0.15;
// Of what was allocated before the caller took over, the site has at least this share.
constexpr double kMostOfIt = 0.5;
constexpr size_t kMostCandidates = 400;

// Whether all stacks of `callee` reach `site` within a few JavaScript calls of their own site.
bool is_called_by(const read::Recording& recording, const NodeFrames& names,
                  const Candidate& callee, const Frame& site) {
  for (const Member& member : callee.members) {
    bool inside = false;  // at or outside of the callee's own site
    bool found = false;
    size_t calls = 0;
    for (const read::NodeId node : read::StackNodes(recording, recording.stacks[member.stack])) {
      if (found || calls > kInlinedCalls) break;
      for (const Frame& frame : names(node)) {
        if (frame.kind != FrameKind::kJavaScript) continue;
        if (inside) {
          ++calls;
          found = found || report::same_place(frame, site);
        }
        inside = inside || report::same_place(frame, callee.group.site);
      }
    }
    if (!found) return false;
  }
  return true;
}

// Bytes that came to stay in each window, as far as the last moment shows.
std::vector<double> came_to_stay(const Timeline& timeline, const Series& series) {
  std::vector<double> result;
  const size_t moments = timeline.moments.size();
  for (size_t i = 1; i < moments; ++i) {
    result.push_back(series.has_births()
                         ? series.born_bytes[Series::cell(i, i)]
                         : std::max(0.0, series.bytes[timeline.moments[i]] -
                                             series.bytes[timeline.moments[i - 1]]));
  }
  return result;
}

double sum_of_windows(const std::vector<double>& values, size_t begin, size_t end) {
  double sum = 0;
  for (size_t i = begin; i < std::min(end, values.size()); ++i) sum += values[i];
  return sum;
}

// Whether the function allocated at first and hardly does any more.
bool has_vanished(const std::vector<double>& came) {
  const size_t third = std::max<size_t>(1, came.size() / 3);
  double most = 0;
  for (size_t i = 0; i + third <= came.size(); ++i) {
    most = std::max(most, sum_of_windows(came, i, i + third));
  }
  return most > 0 && sum_of_windows(came, came.size() - third, came.size()) <= kGone * most;
}

void join(const Timeline& timeline, Candidate& whole, std::vector<Candidate*> parts) {
  for (Candidate* part : parts) {
    analyze::add(whole.group.sum, part->group.sum);
    whole.sites.push_back(part->group.site);
    whole.members.insert(whole.members.end(), std::make_move_iterator(part->members.begin()),
                         std::make_move_iterator(part->members.end()));
    part->members.clear();
  }
  whole.group.judgement = analyze::judge(timeline, whole.group.sum);
  report::order_members(timeline, whole.members);
}

struct Vanished {
  Frame site;               // of the callee that made most before the caller took over
  bool most_of_it = false;  // and that was most of all that was made then
};

Vanished largest_vanished(const Timeline& timeline, const Candidate& caller,
                          const std::vector<Candidate*>& callees) {
  const std::vector<double> own = came_to_stay(timeline, caller.group.sum);
  std::vector<std::vector<double>> theirs;
  for (const Candidate* callee : callees) {
    theirs.push_back(came_to_stay(timeline, callee->group.sum));
  }
  // Until the caller's share is the larger one.
  size_t end = 0;
  for (; end < own.size(); ++end) {
    double others = 0;
    for (const auto& came : theirs) others += came[end];
    if (own[end] > others) break;
  }
  double all = sum_of_windows(own, 0, end);
  size_t best = 0;
  std::vector<double> shares;
  for (size_t i = 0; i < theirs.size(); ++i) {
    shares.push_back(sum_of_windows(theirs[i], 0, std::max<size_t>(end, 1)));
    all += shares.back();
    // A builtin, such as Map.prototype.set, is nobody's line.
    const bool better = callees[best]->group.site.file.empty() || shares[i] > shares[best];
    if (better && !callees[i]->group.site.file.empty()) best = i;
  }
  return {callees[best]->group.site, end > 0 && shares[best] >= kMostOfIt * all};
}

}  // namespace

void join_recompiled(const report::Settling& input, std::vector<Candidate>& candidates) {
  const Timeline& timeline = input.timeline;
  if (timeline.moments.size() < 4) return;
  // Callers of callers last, so that what vanished step by step joins step by step.
  const size_t looked = std::min(candidates.size(), kMostCandidates);
  for (size_t i = 0; i < looked; ++i) {
    Candidate& caller = candidates[i];
    if (caller.members.empty() || caller.group.site.kind != FrameKind::kJavaScript) continue;
    if (!rises(caller.group)) continue;
    std::vector<Candidate*> callees;
    for (size_t k = 0; k < looked; ++k) {
      Candidate& callee = candidates[k];
      if (k == i || callee.members.empty() || callee.group.heap != caller.group.heap) continue;
      if (callee.group.site.kind != FrameKind::kJavaScript) continue;
      if (report::origin_of(callee.group.site) != Origin::kUser) continue;
      if (!has_vanished(came_to_stay(timeline, callee.group.sum))) continue;
      if (is_called_by(input.recording, input.names, callee, caller.group.site))
        callees.push_back(&callee);
    }
    if (callees.empty()) continue;
    const Vanished vanished = largest_vanished(timeline, caller, callees);
    const Frame outer = caller.group.site;
    join(timeline, caller, callees);
    if (vanished.site.file.empty()) continue;
    if (vanished.most_of_it || report::origin_of(outer) != Origin::kUser) {
      caller.sites.push_back(outer);
      caller.group.site = vanished.site;
      caller.group.remarks.push_back({.kind = Remark::Kind::kCompiledInto, .place = outer});
    } else {
      caller.group.inner = vanished.site;
      caller.group.remarks.push_back(
          {.kind = Remark::Kind::kCompiledWithin, .place = vanished.site});
    }
  }
  candidates.erase(std::remove_if(candidates.begin(), candidates.end(),
                                  [](const Candidate& c) { return c.members.empty(); }),
                   candidates.end());
}

}  // namespace silt::runtime::nodejs
