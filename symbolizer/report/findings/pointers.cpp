// SPDX-License-Identifier: Apache-2.0
//
// See pointers.h.

#include "symbolizer/report/findings/pointers.h"

#include <algorithm>
#include <string>
#include <utility>

#include "symbolizer/analyze/series.h"
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
    if (facts.of(a).hangs_on(k) && facts.of(b).hangs_on(k)) return true;
  }
  return false;
}

// What it hangs on that rose far more, and came to rest; nullptr: nothing.
const Group* whole_at_rest(const KeptFacts& facts, const std::vector<Group>& groups, size_t part) {
  for (size_t k = 0; k < groups.size(); ++k) {
    if (k == part || groups[k].verdict() != analyze::Verdict::kBounded) continue;
    const bool much_more = groups[k].judgement.growth_bytes >=
                           kPartOfMore * std::max(groups[part].judgement.growth_bytes, 1.0);
    if (much_more && facts.of(part).hangs_on(k)) return &groups[k];
  }
  return nullptr;
}

}  // namespace

void settle_by_owners(const read::Recording& recording, const analyze::Timeline& timeline,
                      const std::vector<bool>& runtimes_own, std::vector<Group>& groups) {
  if (!recording.owners || !recording.owners->found) return;
  const KeptFacts facts(recording, groups, runtimes_own);
  for (size_t i = 0; i < groups.size(); ++i) {
    if (is_native(groups[i]) && groups[i].verdict() == analyze::Verdict::kGrowing &&
        facts.of(i).is_lost()) {
      const Kept& kept = facts.of(i);
      groups[i].remarks.push_back(
          {.kind = Remark::Kind::kLost,
           .ground = Ground::kLost,
           .share = static_cast<double>(kept.lost_blocks) /
                    static_cast<double>(kept.lost_blocks + kept.kept_blocks)});
    }
  }
  // Into which group each has gone.
  std::vector<size_t> into(groups.size(), kNone);
  const auto now = [&into](size_t group) {
    while (into[group] != kNone) group = into[group];
    return group;
  };
  const auto leaks = [&groups](size_t i) { return groups[i].verdict() == analyze::Verdict::kLeak; };
  for (size_t i = 0; i < groups.size(); ++i) {
    for (size_t k = 0; k < groups.size(); ++k) {
      if (i == k || groups[i].heap != groups[k].heap ||
          !KeptFacts::is_marked(*recording.owners, groups[i])) {
        continue;
      }
      if (!facts.of(i).hangs_on(k) && !facts.are_ring(i, k) &&
          !share_a_keeper(facts, groups, i, k)) {
        continue;
      }
      const size_t a = now(i);
      const size_t b = now(k);
      if (a == b || !rises(groups[a]) || !rises(groups[b]) || !(leaks(a) || leaks(b))) continue;
      bool a_is_more = worth_as_site(groups[a]) >= worth_as_site(groups[b]);
      if (leaks(a) != leaks(b)) a_is_more = leaks(a);
      if (facts.of(i).is_lost_with(k) || facts.went_with(i, k)) a_is_more = false;
      const size_t whole = a_is_more ? a : b;
      const size_t part = a_is_more ? b : a;
      take_in(timeline, groups[whole], groups[part]);
      into[part] = whole;
    }
  }
  for (size_t i = 0; i < groups.size(); ++i) {
    if (into[i] != kNone || !leaks(i)) continue;
    uint64_t all = 0;
    uint64_t filling = 0;
    uint64_t garbage = 0;
    uint64_t runtimes = 0;
    uint32_t container = 0;
    for (size_t k = 0; k < groups.size(); ++k) {
      if (now(k) != i) continue;
      const Kept& kept = facts.of(k);
      all += kept.bytes();
      filling += kept.filling_bytes;
      garbage += kept.garbage_bytes;
      runtimes += kept.runtimes_bytes;
      if (kept.filling != 0) container = kept.filling;
    }
    if (Kept::at_least(kMostlyGarbage, garbage + runtimes, all)) {
      const auto share = [all](uint64_t part) {
        return static_cast<double>(part) / static_cast<double>(all);
      };
      groups[i].remarks.push_back(
          {.kind = runtimes > garbage ? Remark::Kind::kRuntimesOwn : Remark::Kind::kGarbage,
           .ground = Ground::kGarbage,
           .share = share(garbage + runtimes)});
    } else if (const Group* const whole = whole_at_rest(facts, groups, i)) {
      groups[i].remarks.push_back({.kind = Remark::Kind::kPartAtRest,
                                   .ground = Ground::kPartAtRest,
                                   .bytes = whole->judgement.growth_bytes,
                                   .place = whole->site});
    }
    if (!Kept::nearly_all(filling, all)) continue;
    groups[i].remarks.push_back({.kind = Remark::Kind::kNotFullYet,
                                 .ground = Ground::kNotFullYet,
                                 .name = recording.owners->labels[container]});
  }
  std::vector<Group> left;
  for (size_t i = 0; i < groups.size(); ++i) {
    if (into[i] == kNone) left.push_back(std::move(groups[i]));
  }
  groups = std::move(left);
}

}  // namespace silt::report
