// SPDX-License-Identifier: Apache-2.0
//
// See pointers.h.

#include "symbolizer/report/findings/pointers.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "symbolizer/analyze/series.h"
#include "symbolizer/report/findings/parts.h"

namespace silt::report {
namespace {

// Of a group's bytes: what a stale word keeps or a pointer that is not seen loses is a few blocks.
constexpr double kNearlyAll = 0.9;
// So many blocks are not forgotten once, at start-up; nor are they what one stale word kept before.
constexpr double kFewestLost = 5;

// Paths that are few are not told: those that are speak for all where they are most of it.
constexpr double kToldOfIt = 0.8;
// Where a ring of blocks begins is chance, so that some of each group are first: each hangs on the
// other, one of them mostly.
constexpr double kMostOfRing = 0.5;
constexpr double kSomeOfRing = 0.1;

// Of which so much is garbage that a collector will find: the rest alone would have to leak.
constexpr double kMostlyGarbage = 0.5;

constexpr size_t kNone = SIZE_MAX;

struct Kept {
  uint64_t kept_bytes = 0;
  uint64_t kept_blocks = 0;
  uint64_t lost_blocks = 0;
  uint64_t lost_bytes = 0;
  uint64_t told_bytes = 0;  // of both, those with a path
  // Bytes that hang on another group's blocks, by group: of what is kept, and of what is lost.
  std::vector<uint64_t> hanging_on;
  std::vector<uint64_t> lost_with;
  // Of what is kept, elements of containers that have a limit and are below it; one of those.
  uint64_t filling_bytes = 0;
  uint32_t filling = 0;  // index into Owners::labels
  // Of what is kept, what only keeps itself, and a collector that runs will come to.
  uint64_t garbage_bytes = 0;

  bool hangs_on(size_t group) const {
    return nearly_all(hanging_on[group], kept_bytes) ||
           (nearly_all(hanging_on[group] + lost_with[group], told_bytes) &&
            at_least(kToldOfIt, told_bytes, kept_bytes + lost_bytes));
  }
  // What nothing keeps, and what goes with it: the reference to the other was the one forgotten.
  bool is_lost_with(size_t group) const {
    return is_lost() && nearly_all(lost_with[group], lost_bytes);
  }
  static bool at_least(double share, uint64_t part, uint64_t all) {
    return all > 0 && static_cast<double>(part) >= share * static_cast<double>(all);
  }
  static bool nearly_all(uint64_t part, uint64_t all) { return at_least(kNearlyAll, part, all); }
  bool is_lost() const {
    const auto lost = static_cast<double>(lost_blocks);
    return lost >= kFewestLost &&
           lost >= kNearlyAll * static_cast<double>(lost_blocks + kept_blocks);
  }
};

bool is_native(const Group& group) { return group.heap == read::Heap::kNative; }

// Whether a copy of the process has marked its blocks one by one.
bool is_marked(const read::Owners& owners, const Group& group) {
  return is_native(group) || (group.heap == read::Heap::kObjects && owners.labels.size() > 1);
}

// As a runtime labels a container that has a limit.
bool is_below_limit(const std::string& label) {
  constexpr std::string_view kLimit = format::kOwnersLimit;
  const size_t limit = label.rfind(kLimit);
  if (limit == std::string::npos) return false;
  const size_t count = label.find_last_not_of("0123456789", limit - 1) + 1;
  return std::strtoull(label.c_str() + count, nullptr, 10) <
         std::strtoull(label.c_str() + limit + kLimit.size(), nullptr, 10);
}

class Facts {
 public:
  Facts(const read::Recording& recording, const std::vector<Group>& groups)
      : owners_(*recording.owners), kept_(groups.size()) {
    for (Kept& kept : kept_) {
      kept.hanging_on.resize(groups.size());
      kept.lost_with.resize(groups.size());
    }
    for (size_t i = 0; i < groups.size(); ++i) {
      if (!is_marked(owners_, groups[i])) continue;
      for (const size_t stack : groups[i].stacks)
        group_of_[number_of(recording.stacks[stack].id)] = i;
    }
    for (const read::OwnersRow& row : owners_.rows) add(row);
  }

  const Kept& of(size_t group) const { return kept_[group]; }
  // Whether blocks of both refer to one another, and nothing to either.
  bool are_ring(size_t mostly, size_t other) const {
    const Kept& a = kept_[mostly];
    const Kept& b = kept_[other];
    return a.is_lost() && b.is_lost() &&
           Kept::at_least(kMostOfRing, a.lost_with[other], a.lost_bytes) &&
           Kept::at_least(kSomeOfRing, b.lost_with[mostly], b.lost_bytes);
  }

 private:
  void add(const read::OwnersRow& row) {
    const auto own = group_of_.find(row.stack);
    if (own == group_of_.end()) return;
    Kept& kept = kept_[own->second];
    kept.kept_bytes += row.kept_bytes;
    kept.kept_blocks += row.kept_blocks;
    kept.lost_blocks += row.lost_blocks;
    kept.lost_bytes += row.lost_bytes;
    for (const read::OwnersShare& share : row.shares) {
      kept.told_bytes += share.bytes;
      add(share, own->second, kept.hanging_on);
      if (is_garbage(share.path)) kept.garbage_bytes += share.bytes;
      const uint32_t container = container_below_limit(share.path);
      if (container == 0) continue;
      kept.filling_bytes += share.bytes;
      kept.filling = container;
    }
    for (const read::OwnersShare& share : row.lost_shares) {
      kept.told_bytes += share.bytes;
      add(share, own->second, kept.lost_with);
    }
  }

  bool is_garbage(uint32_t path) const {
    while (owners_.paths[path].parent != 0) path = owners_.paths[path].parent;
    const read::OwnersRoot& root = owners_.roots[owners_.paths[path].root];
    return root.kind == format::RootKind::kGarbage && root.place == 0;
  }

  // Of the elements themselves and what they are made of: what is further in grows by itself.
  uint32_t container_below_limit(uint32_t path) const {
    constexpr int kDeepest = 4;
    for (int depth = 0; path != 0 && depth <= kDeepest; ++depth) {
      const read::OwnersPath& step = owners_.paths[path];
      if (step.type < owners_.labels.size() && is_below_limit(owners_.labels[step.type])) {
        return step.type;
      }
      path = step.parent;
    }
    return 0;
  }

  void add(const read::OwnersShare& share, size_t own, std::vector<uint64_t>& hanging) {
    keepers_.clear();
    for (uint32_t at = share.path; owners_.paths[at].parent != 0; at = owners_.paths[at].parent) {
      const auto keeper = group_of_.find(owners_.paths[at].stack);
      if (keeper != group_of_.end() && keeper->second != own) keepers_.push_back(keeper->second);
    }
    std::sort(keepers_.begin(), keepers_.end());
    keepers_.erase(std::unique(keepers_.begin(), keepers_.end()), keepers_.end());
    for (const size_t keeper : keepers_) hanging[keeper] += share.bytes;
  }

  const read::Owners& owners_;
  std::unordered_map<uint32_t, size_t> group_of_;  // by a stack's id
  std::vector<Kept> kept_;
  std::vector<size_t> keepers_;
};

void take_in(const analyze::Timeline& timeline, Group& whole, Group& part) {
  whole.remarks.push_back(
      {.kind = Remark::Kind::kOneKeeps, .bytes = part.judgement.growth_bytes, .place = part.site});
  whole.stacks.insert(whole.stacks.end(), part.stacks.begin(), part.stacks.end());
  part.stacks.clear();
  analyze::add(whole.sum, part.sum);
  add_up(timeline, whole);
}

}  // namespace

void settle_by_owners(const read::Recording& recording, const analyze::Timeline& timeline,
                      std::vector<Group>& groups) {
  if (!recording.owners || !recording.owners->found) return;
  const Facts facts(recording, groups);
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
      if (i == k || groups[i].heap != groups[k].heap || !is_marked(*recording.owners, groups[i])) {
        continue;
      }
      if (!facts.of(i).hangs_on(k) && !facts.are_ring(i, k)) continue;
      const size_t a = now(i);
      const size_t b = now(k);
      if (a == b || !rises(groups[a]) || !rises(groups[b]) || !(leaks(a) || leaks(b))) continue;
      bool a_is_more = groups[a].judgement.growth_bytes >= groups[b].judgement.growth_bytes;
      if (leaks(a) != leaks(b)) a_is_more = leaks(a);
      if (facts.of(i).is_lost_with(k)) a_is_more = false;
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
    uint32_t container = 0;
    for (size_t k = 0; k < groups.size(); ++k) {
      if (now(k) != i) continue;
      const Kept& kept = facts.of(k);
      all += kept.kept_bytes + kept.lost_bytes;
      filling += kept.filling_bytes;
      garbage += kept.garbage_bytes;
      if (kept.filling != 0) container = kept.filling;
    }
    if (Kept::at_least(kMostlyGarbage, garbage, all)) {
      groups[i].remarks.push_back(
          {.kind = Remark::Kind::kGarbage,
           .ground = Ground::kGarbage,
           .share = static_cast<double>(garbage) / static_cast<double>(all)});
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
