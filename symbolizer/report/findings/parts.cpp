// SPDX-License-Identifier: Apache-2.0
//
// Parts of one leak; see the header.

#include "symbolizer/report/findings/parts.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include "symbolizer/analyze/step.h"
#include "symbolizer/report/findings/hoist.h"
#include "symbolizer/report/findings/passage.h"
#include "symbolizer/report/findings/relation.h"
#include "symbolizer/report/findings/siblings.h"
#include "symbolizer/report/origin.h"
#include "symbolizer/report/runtime.h"
#include "symbolizer/report/site.h"

namespace silt::report {
namespace {

using analyze::Judgement;
using analyze::Timeline;
using analyze::Verdict;
using symbolize::Frame;

// Names are compared for so many of the largest groups only: pairs of groups are many.
constexpr size_t kMostGroups = 400;

void add_up(const Timeline& timeline, Candidate& candidate) {
  add_up(timeline, candidate.group);
  order_members(timeline, candidate.members);
}

void take_in(Candidate& root, Candidate& part) {
  analyze::add(root.group.sum, part.group.sum);
  root.members.insert(root.members.end(), std::make_move_iterator(part.members.begin()),
                      std::make_move_iterator(part.members.end()));
  part.members.clear();
  root.functions.insert(part.functions.begin(), part.functions.end());
}

// "ClientConnection" of "ClientConnection::handle(Response const&)"; empty of a plain function.
std::string_view class_of(const Frame& frame) {
  const std::string_view name =
      std::string_view(frame.function)
          .substr(0, std::string_view(frame.function).find_first_of("(<["));
  const size_t end = name.rfind("::");
  return end == std::string_view::npos ? std::string_view() : name.substr(0, end);
}

bool same_class(const Frame& a, const Frame& b) {
  return !class_of(a).empty() && class_of(a) == class_of(b);
}

// Two that were found to be one caller's are one.
void join_same_sites(const Timeline& timeline, std::vector<Candidate>& candidates) {
  const size_t compared = std::min(candidates.size(), kMostGroups);
  for (size_t whole = 0; whole < compared; ++whole) {
    Candidate& root = candidates[whole];
    if (root.group.verdict() != Verdict::kLeak || root.members.empty()) continue;
    const std::string key = site_key(root.group.site);
    bool joined = false;
    for (size_t i = whole + 1; i < compared; ++i) {
      Candidate& part = candidates[i];
      if (part.group.verdict() != Verdict::kLeak || part.members.empty()) continue;
      if (part.group.heap != root.group.heap || site_key(part.group.site) != key) continue;
      take_in(root, part);
      joined = true;
    }
    if (joined) add_up(timeline, root);
  }
}

// Last: leaks that go block for block over hundreds of events are one, wherever their stacks meet,
// when they are made by functions of one class (an answer is kept by the request that is never
// forgotten) or where one is the user's and the other a library's. Two functions that one loop
// calls stay two: each request may leak twice.
void join_one_things(const Timeline& timeline, const FoldOptions& options,
                     std::vector<Candidate>& candidates) {
  const size_t compared = std::min(candidates.size(), kMostGroups);
  for (size_t whole = 0; whole < compared; ++whole) {
    Candidate& root = candidates[whole];
    if (root.group.verdict() != Verdict::kLeak || root.members.empty()) continue;
    bool joined = false;
    for (size_t i = whole + 1; i < compared; ++i) {
      Candidate& part = candidates[i];
      if (part.group.verdict() != Verdict::kLeak || part.members.empty()) continue;
      if (part.group.heap != root.group.heap) continue;
      const bool foreign = is_foreign(root.group.site, options);
      const bool one_is_foreign = foreign != is_foreign(part.group.site, options);
      if (!one_is_foreign && !same_class(root.group.site, part.group.site)) continue;
      if (analyze::lockstep(timeline, root.group.sum, part.group.sum) <
          analyze::Lockstep::kCertainPace) {
        continue;
      }
      if (foreign && one_is_foreign) root.group.site = part.group.site;
      take_in(root, part);
      joined = true;
    }
    if (joined) add_up(timeline, root);
  }
}

// The user's code rather than a library's; else the first.
const Frame& own_of(const FoldOptions& options, const Frame& first, const Frame& second) {
  const bool own = origin_of(second, options.look_through) == Origin::kUser &&
                   origin_of(first, options.look_through) != Origin::kUser;
  return own ? second : first;
}

}  // namespace

void add_up(const Timeline& timeline, Group& group) {
  const Judgement all = analyze::judge(timeline, group.sum);
  Judgement& judgement = group.judgement;
  judgement.growth_bytes = all.growth_bytes;
  judgement.growth_blocks = all.growth_blocks;
  judgement.bytes_per_second = all.bytes_per_second;
  judgement.bytes_per_second_low = all.bytes_per_second_low;
  judgement.bytes_per_second_high = all.bytes_per_second_high;
  judgement.pace_error = all.pace_error;
  judgement.blocks_per_second = all.blocks_per_second;
  judgement.bytes_per_work = all.bytes_per_work;
  if (all.reason.because == judgement.reason.because) {
    judgement.reason = all.reason;
    judgement.windows = all.windows;
    judgement.growing_windows = all.growing_windows;
  }
}

void join_parts(const read::Recording& recording, const Timeline& timeline, const NodeFrames& names,
                const FoldOptions& options, std::vector<Candidate>& candidates) {
  // The thing itself is what leaks most blocks; containers come last.
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) {
                     const Judgement& first = a.group.judgement;
                     const Judgement& second = b.group.judgement;
                     const bool a_leaks = a.group.verdict() == Verdict::kLeak;
                     const bool b_leaks = b.group.verdict() == Verdict::kLeak;
                     if (a_leaks != b_leaks) return a_leaks;
                     const bool a_many = first.growth_blocks >= 5;
                     const bool b_many = second.growth_blocks >= 5;
                     if (a_many != b_many) return a_many;
                     return first.growth_bytes > second.growth_bytes;
                   });
  const size_t compared = std::min(candidates.size(), kMostGroups);
  for (size_t i = 0; i < compared; ++i) find_functions(recording, names, candidates[i]);
  for (size_t whole = 0; whole < compared; ++whole) {
    Candidate& root = candidates[whole];
    if (root.group.verdict() != Verdict::kLeak || root.members.empty()) continue;
    bool joined = false;
    for (size_t i = 0; i < compared; ++i) {
      Candidate& part = candidates[i];
      if (i == whole || part.members.empty()) continue;
      const Relation what = relation(recording, timeline, names, options, root, part);
      if (what == Relation::kNone) {
        std::optional<Frame> meet = sibling_site(recording, timeline, names, options, root, part);
        if (!meet && is_beside(timeline, root, part)) {
          meet = own_of(options, root.group.site, part.group.site);
        }
        if (!meet) continue;
        root.sites.push_back(root.group.site);
        root.sites.push_back(part.group.site);
        root.group.site = *meet;
      }
      if (what == Relation::kHolder) root.group.site = part.group.site;
      // What a line makes itself are the arguments of what it calls.
      if (what == Relation::kPart && boxes_values(root.group.site.kind) &&
          part.group.site.kind == root.group.site.kind &&
          part.group.judgement.growth_bytes > root.group.judgement.growth_bytes &&
          !is_beside_library(recording, names, options, root, part)) {
        root.sites.push_back(root.group.site);
        root.group.site = part.group.site;
      }
      take_in(root, part);
      joined = true;
    }
    if (joined) add_up(timeline, root);
  }
  const auto drop_empty = [&candidates] {
    candidates.erase(std::remove_if(candidates.begin(), candidates.end(),
                                    [](const Candidate& c) { return c.members.empty(); }),
                     candidates.end());
  };
  drop_empty();
  size_t looked = 0;
  for (Candidate& candidate : candidates) {
    if (candidate.group.verdict() != Verdict::kLeak || ++looked > kMostGroups / 8) continue;
    if (hoist(recording, timeline, names, options, candidate)) add_up(timeline, candidate);
  }
  join_same_sites(timeline, candidates);
  join_one_things(timeline, options, candidates);
  drop_empty();
}

}  // namespace silt::report
