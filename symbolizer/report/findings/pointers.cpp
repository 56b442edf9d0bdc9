// SPDX-License-Identifier: Apache-2.0
//
// See pointers.h.

#include "symbolizer/report/findings/pointers.h"

#include <algorithm>
#include <string>
#include <utility>

#include "symbolizer/analyze/series.h"
#include "symbolizer/analyze/step.h"
#include "symbolizer/report/findings/kept.h"
#include "symbolizer/report/findings/parts.h"
#include "symbolizer/report/site.h"

namespace silt::report {
namespace {

// Of which so much is garbage that a collector will find, or free already in the runtime's eyes:
// the rest alone would have to leak.
constexpr double kMostlyGarbage = 0.5;
// How much more what it hangs on rose before that came to rest.
constexpr double kPartOfMore = 10;

constexpr size_t kNone = SIZE_MAX;

bool is_native(const Group& group) { return group.heap == read::Heap::kNative; }

void take_in(const analyze::Timeline& timeline, Group& whole, Group& part) {
  whole.remarks.push_back(
      {.kind = Remark::Kind::kOneKeeps, .bytes = part.judgement.growth_bytes, .place = part.site});
  whole.stacks.insert(whole.stacks.end(), part.stacks.begin(), part.stacks.end());
  part.stacks.clear();
  analyze::add(whole.sum, part.sum);
  add_up(timeline, whole);
}

// The larger is the place, unless that is only where the program began.
double worth_as_site(const Group& group) {
  constexpr double kSaysMore = 5;
  return group.judgement.growth_bytes * (says_little(group.site) ? 1 : kSaysMore);
}

// Whether both hang on the objects of one group of another heap, of which there are more as well:
// native memory that belongs to objects of a runtime.
bool share_a_keeper(const KeptFacts& facts, const std::vector<Group>& groups, size_t a, size_t b) {
  if (!is_native(groups[a])) return false;
  for (size_t k = 0; k < groups.size(); ++k) {
    if (groups[k].heap == groups[a].heap || !rises(groups[k])) continue;
    if (facts.of(a).hangs_on(k) && facts.of(b).hangs_on(k) && facts.meet_in(a, b, k)) return true;
  }
  return false;
}

// What it hangs on that rose far more, and came to rest; nullptr: nothing.
const Group* whole_at_rest(const KeptFacts& facts, const std::vector<Group>& groups, size_t part) {
  for (size_t k = 0; k < groups.size(); ++k) {
    if (k == part || groups[k].verdict() != analyze::Verdict::kBounded) continue;
    const bool much_more = groups[k].judgement.growth_bytes >=
                           kPartOfMore * std::max(groups[part].judgement.growth_bytes, 1.0);
    if (much_more && facts.hangs_on(part, k)) return &groups[k];
  }
  return nullptr;
}

// Groups that go into one another, by what the copy of the process found.
// Of a group that mostly lies in containers that have a limit, what lies elsewhere, and is not
// waiting for a collector, may be this much of what it grew by: the rest was in use just then.
constexpr double kMostlyLimited = 0.5;
constexpr double kUnexplained = 1. / 3;

class PointerJoins {
 public:
  PointerJoins(const read::Recording& recording, const analyze::Timeline& timeline,
               const KeptFacts& facts, std::vector<Group>& groups)
      : recording_(recording),
        owners_(*recording.owners),
        timeline_(timeline),
        facts_(facts),
        groups_(groups),
        into_(groups.size(), kNone) {}

  void tell_lost();
  void join_what_hangs();
  void doubt();
  void join_what_mostly_hangs();
  std::vector<Group> take();

 private:
  bool leaks(size_t group) const { return groups_[group].verdict() == analyze::Verdict::kLeak; }
  // Where it is now.
  size_t now(size_t group) const {
    while (into_[group] != kNone) group = into_[group];
    return group;
  }
  std::vector<size_t> parts_of(size_t whole) const;
  bool is_one_with(size_t part, size_t whole) const;
  bool mostly_went_with(size_t part, size_t whole) const;
  void put(size_t part, size_t whole);

  const read::Recording& recording_;
  const read::Owners& owners_;
  const analyze::Timeline& timeline_;
  const KeptFacts& facts_;
  std::vector<Group>& groups_;
  std::vector<size_t> into_;  // into which group each has gone
};

std::vector<size_t> PointerJoins::parts_of(size_t whole) const {
  std::vector<size_t> parts;
  for (size_t k = 0; k < groups_.size(); ++k) {
    if (now(k) == whole) parts.push_back(k);
  }
  return parts;
}

// What is reached only through an object that is never let go leaks with it, whoever allocated it;
// so does what was forgotten as one thing, and what hangs on objects of a third.
bool PointerJoins::is_one_with(size_t part, size_t whole) const {
  if (groups_[part].heap != groups_[whole].heap) {
    return facts_.hangs_on(part, whole) && facts_.is_below_objects(part, whole);
  }
  return facts_.hangs_on(part, whole) || facts_.are_ring(part, whole) ||
         share_a_keeper(facts_, groups_, part, whole) || mostly_went_with(part, whole);
}

// What a place made beside the parts of what was forgotten, in step with them, it made for the same
// thing; a leak of its own comes when it comes.
bool PointerJoins::mostly_went_with(size_t part, size_t whole) const {
  if (!facts_.mostly_went_with(part, whole)) return false;
  const Kept& kept = facts_.of(part);
  const std::vector<size_t>& below = kept.lost_whole_with.at(whole).stacks;
  analyze::Series parts;
  analyze::Series rest;
  for (const size_t stack : kept.lost.stacks) {
    const bool is_part = std::find(below.begin(), below.end(), stack) != below.end();
    analyze::add(is_part ? parts : rest, analyze::make_series(timeline_, recording_.stacks[stack]));
  }
  return analyze::in_step(timeline_, parts, rest);
}

void PointerJoins::put(size_t part, size_t whole) {
  take_in(timeline_, groups_[whole], groups_[part]);
  into_[part] = whole;
}

void PointerJoins::tell_lost() {
  for (size_t i = 0; i < groups_.size(); ++i) {
    if (!is_native(groups_[i]) || groups_[i].verdict() != analyze::Verdict::kGrowing ||
        !facts_.of(i).is_lost()) {
      continue;
    }
    const Kept& kept = facts_.of(i);
    groups_[i].remarks.push_back(
        {.kind = Remark::Kind::kLost,
         .ground = Ground::kLost,
         .share = static_cast<double>(kept.lost_blocks) /
                  static_cast<double>(kept.lost_blocks + kept.kept_blocks)});
  }
}

void PointerJoins::join_what_hangs() {
  for (size_t i = 0; i < groups_.size(); ++i) {
    for (size_t k = 0; k < groups_.size(); ++k) {
      if (i == k || !KeptFacts::is_marked(owners_, groups_[i]) || !is_one_with(i, k)) continue;
      const size_t a = now(i);
      const size_t b = now(k);
      if (a == b || !rises(groups_[a]) || !rises(groups_[b]) || !(leaks(a) || leaks(b))) continue;
      bool a_is_more = worth_as_site(groups_[a]) >= worth_as_site(groups_[b]);
      if (leaks(a) != leaks(b)) a_is_more = leaks(a);
      if (facts_.of(i).is_lost_with(k) || facts_.went_with(i, k)) a_is_more = false;
      put(a_is_more ? b : a, a_is_more ? a : b);
    }
  }
}

void PointerJoins::doubt() {
  for (size_t i = 0; i < groups_.size(); ++i) {
    if (into_[i] != kNone || !leaks(i)) continue;
    uint64_t all = 0;
    uint64_t filling = 0;
    uint64_t full = 0;
    uint64_t garbage = 0;
    uint64_t runtimes = 0;
    uint32_t container = 0;
    for (const size_t part : parts_of(i)) {
      const Kept& kept = facts_.of(part);
      all += kept.bytes();
      filling += kept.filling_bytes;
      full += kept.full_bytes;
      garbage += kept.garbage_bytes;
      runtimes += kept.runtimes_bytes;
      if (kept.limited != 0) container = kept.limited;
    }
    if (Kept::at_least(kMostlyGarbage, garbage + runtimes, all)) {
      groups_[i].remarks.push_back(
          {.kind = runtimes > garbage ? Remark::Kind::kRuntimesOwn : Remark::Kind::kGarbage,
           .ground = Ground::kGarbage,
           .share = static_cast<double>(garbage + runtimes) / static_cast<double>(all)});
    } else if (const Group* const whole = whole_at_rest(facts_, groups_, i)) {
      groups_[i].remarks.push_back({.kind = Remark::Kind::kPartAtRest,
                                    .ground = Ground::kPartAtRest,
                                    .bytes = whole->judgement.growth_bytes,
                                    .place = whole->site});
    }
    const double rest = static_cast<double>(all - filling - full - garbage - runtimes);
    const bool explained = Kept::at_least(kMostlyLimited, filling + full, all) &&
                           rest <= kUnexplained * groups_[i].judgement.growth_bytes;
    if (!Kept::nearly_all(filling, all) && !explained) continue;
    groups_[i].remarks.push_back({.kind = Remark::Kind::kNotFullYet,
                                  .ground = Ground::kNotFullYet,
                                  .share = full > filling ? 1. : 0.,
                                  .name = owners_.labels[container]});
  }
}

// What is a leak by itself, and mostly hangs on another one: to mend that mends both.
void PointerJoins::join_what_mostly_hangs() {
  for (size_t i = 0; i < groups_.size(); ++i) {
    for (size_t k = 0; k < groups_.size() && into_[i] == kNone; ++k) {
      if (i == k || into_[k] != kNone || groups_[i].heap != groups_[k].heap) continue;
      if (leaks(i) && leaks(k) && facts_.mostly_hang(parts_of(i), parts_of(k))) put(i, k);
    }
  }
}

std::vector<Group> PointerJoins::take() {
  std::vector<Group> left;
  for (size_t i = 0; i < groups_.size(); ++i) {
    if (into_[i] == kNone) left.push_back(std::move(groups_[i]));
  }
  return left;
}

}  // namespace

void settle_by_owners(const read::Recording& recording, const analyze::Timeline& timeline,
                      const std::vector<bool>& runtimes_own, std::vector<Group>& groups) {
  if (!recording.owners || !recording.owners->found) return;
  const KeptFacts facts(recording, groups, runtimes_own);
  PointerJoins joins(recording, timeline, facts, groups);
  joins.tell_lost();
  joins.join_what_hangs();
  joins.doubt();
  joins.join_what_mostly_hangs();
  groups = joins.take();
}

}  // namespace silt::report
