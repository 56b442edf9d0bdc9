// SPDX-License-Identifier: Apache-2.0
//
// See kept.h.

#include "symbolizer/report/findings/kept.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

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
// Old words in what was forgotten make a circle of what is none, so that some of the parts are
// first: that most of them hang on the thing tells which was forgotten with which.
constexpr double kMost = 0.5;
// Of what two leaks come to that are each one by itself: the rest was in use just then.
constexpr double kMostOfLeak = 2.0 / 3;
// An object that a runtime freed, and what it pointed to: an old word there keeps that.
constexpr int kMostFreedSteps = 2;

// As a runtime labels a container that has a limit.
struct Limit {
  uint64_t elements = 0;
  uint64_t most = 0;  // 0: there is no limit
};
Limit limit_of(const std::string& label) {
  constexpr std::string_view kLimit = format::kOwnersLimit;
  const size_t limit = label.rfind(kLimit);
  if (limit == std::string::npos) return {};
  const size_t count = label.find_last_not_of("0123456789", limit - 1) + 1;
  return {std::strtoull(label.c_str() + count, nullptr, 10),
          std::strtoull(label.c_str() + limit + kLimit.size(), nullptr, 10)};
}

bool is_mostly_lost(const Kept& kept) {
  return static_cast<double>(kept.lost_blocks) >= kFewestLost &&
         Kept::at_least(kMost, kept.lost_blocks, kept.lost_blocks + kept.kept_blocks);
}

}  // namespace

bool Kept::nearly_all(uint64_t part, uint64_t all) { return at_least(kNearlyAll, part, all); }

bool Kept::hangs_on(size_t group) const {
  return nearly_all(hanging_on[group], kept_bytes) ||
         (nearly_all(hanging_on[group] + lost_with[group], told_bytes) &&
          at_least(kToldOfIt, told_bytes, bytes()));
}

bool Kept::is_lost() const {
  return static_cast<double>(lost_blocks) >= kFewestLost &&
         nearly_all(lost_blocks, lost_blocks + kept_blocks);
}

bool Kept::is_lost_with(size_t group) const {
  return is_lost() && nearly_all(lost_with[group], lost_bytes);
}

KeptFacts::KeptFacts(const read::Recording& recording, const std::vector<Group>& groups,
                     const std::vector<bool>& runtimes_own)
    : owners_(*recording.owners), runtimes_own_(runtimes_own), kept_(groups.size()) {
  for (Kept& kept : kept_) {
    kept.hanging_on.resize(groups.size());
    kept.lost_with.resize(groups.size());
  }
  for (size_t i = 0; i < groups.size(); ++i) {
    if (!is_marked(owners_, groups[i])) continue;
    for (const size_t stack : groups[i].stacks) {
      const uint32_t id = number_of(recording.stacks[stack].id);
      group_of_[id] = i;
      index_of_[id] = stack;
      if (recording.stacks[stack].heap == read::Heap::kObjects) objects_.insert(id);
    }
  }
  for (const read::OwnersRow& row : owners_.rows) add(row);
}

bool KeptFacts::is_marked(const read::Owners& owners, const Group& group) {
  return group.heap == read::Heap::kNative ||
         (group.heap == read::Heap::kObjects && owners.labels.size() > 1);
}

bool KeptFacts::are_ring(size_t mostly, size_t other) const {
  const Kept& a = kept_[mostly];
  const Kept& b = kept_[other];
  return a.is_lost() && b.is_lost() &&
         Kept::at_least(kMostOfRing, a.lost_with[other], a.lost_bytes) &&
         Kept::at_least(kSomeOfRing, b.lost_with[mostly], b.lost_bytes);
}

bool KeptFacts::meet_in(size_t a, size_t b, size_t group) const {
  const Kept& one = kept_[a];
  const Kept& other = kept_[b];
  if (one.told_bytes == 0 || other.told_bytes == 0) return false;
  double both = 0;
  for (const auto& [stack, bytes] : one.below_objects) {
    const auto at = other.below_objects.find(stack);
    if (at == other.below_objects.end() || group_of_.at(stack) != group) continue;
    both += std::min(static_cast<double>(bytes) / static_cast<double>(one.told_bytes),
                     static_cast<double>(at->second) / static_cast<double>(other.told_bytes));
  }
  return both >= kMost;
}

bool KeptFacts::is_below_objects(size_t group, size_t other) const {
  uint64_t below = 0;
  for (const auto& [stack, bytes] : kept_[group].below_objects) {
    if (group_of_.at(stack) == other) below += bytes;
  }
  return Kept::at_least(kMost, below, kept_[group].hanging_on[other]);
}

bool KeptFacts::went_with(size_t group, size_t other) const {
  const Kept& part = kept_[group];
  const Kept& whole = kept_[other];
  return is_mostly_lost(part) && is_mostly_lost(whole) &&
         Kept::at_least(kMost, part.lost_with[other], part.lost_bytes) &&
         !Kept::at_least(kSomeOfRing, whole.lost_with[group], whole.lost_bytes);
}

bool KeptFacts::mostly_went_with(size_t group, size_t other) const {
  const Kept& part = kept_[group];
  const auto whole = part.lost_whole_with.find(other);
  return whole != part.lost_whole_with.end() &&
         whole->second.stacks.size() < part.lost.stacks.size() && went_with(group, other) &&
         Kept::at_least(kMost, whole->second.bytes, part.lost_bytes);
}

bool KeptFacts::mostly_hang(const std::vector<size_t>& groups,
                            const std::vector<size_t>& others) const {
  uint64_t kept = 0;
  uint64_t hanging = 0;
  for (const size_t group : groups) {
    kept += kept_[group].kept_bytes;
    // A path may lead over blocks of several of the others.
    uint64_t most = 0;
    for (const size_t other : others) {
      if (is_by_its_own(group, other)) most = std::max(most, kept_[group].hanging_on[other]);
    }
    hanging += most;
  }
  return Kept::at_least(kMostOfLeak, hanging, kept);
}

void KeptFacts::add(const read::OwnersRow& row) {
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
    add_objects(share, row.stack, kept);
    if (is_garbage(share.path)) {
      kept.garbage_bytes += share.bytes;
    } else if (is_runtimes(share.path)) {
      kept.runtimes_bytes += share.bytes;
    } else {
      add_limited(share, kept);
    }
  }
  for (const read::OwnersShare& share : row.lost_shares) {
    kept.told_bytes += share.bytes;
    add(share, own->second, kept.lost_with);
  }
  if (row.lost_bytes > 0) add_lost(row, own->second);
}

void KeptFacts::add_lost(const read::OwnersRow& row, size_t own) {
  Kept& kept = kept_[own];
  const size_t stack = index_of_.at(row.stack);
  kept.lost.bytes += row.lost_bytes;
  kept.lost.stacks.push_back(stack);
  if (row.lost_shares.empty()) return;
  std::vector<uint64_t> with(kept_.size());
  for (const read::OwnersShare& share : row.lost_shares) add(share, own, with);
  for (size_t other = 0; other < with.size(); ++other) {
    if (!Kept::nearly_all(with[other], row.lost_bytes)) continue;
    LostStacks& whole = kept.lost_whole_with[other];
    whole.bytes += with[other];
    whole.stacks.push_back(stack);
  }
}

void KeptFacts::add(const read::OwnersShare& share, size_t own, std::vector<uint64_t>& hanging) {
  keepers_.clear();
  for (uint32_t at = share.path; owners_.paths[at].parent != 0; at = owners_.paths[at].parent) {
    const auto keeper = group_of_.find(owners_.paths[at].stack);
    if (keeper != group_of_.end() && keeper->second != own) keepers_.push_back(keeper->second);
  }
  std::sort(keepers_.begin(), keepers_.end());
  keepers_.erase(std::unique(keepers_.begin(), keepers_.end()), keepers_.end());
  for (const size_t keeper : keepers_) hanging[keeper] += share.bytes;
}

void KeptFacts::add_objects(const read::OwnersShare& share, uint32_t stack, Kept& kept) {
  if (objects_.empty()) return;
  outermost_.clear();
  if (objects_.count(stack) > 0) outermost_[group_of_.at(stack)] = stack;
  for (uint32_t at = share.path; owners_.paths[at].parent != 0; at = owners_.paths[at].parent) {
    const uint32_t keeper = owners_.paths[at].stack;
    if (objects_.count(keeper) > 0) outermost_[group_of_.at(keeper)] = keeper;
  }
  for (const auto& [group, object] : outermost_) kept.below_objects[object] += share.bytes;
}

const read::OwnersRoot& KeptFacts::root_of(uint32_t path) const {
  while (owners_.paths[path].parent != 0) path = owners_.paths[path].parent;
  return owners_.roots[owners_.paths[path].root];
}

bool KeptFacts::is_garbage(uint32_t path) const {
  const read::OwnersRoot& root = root_of(path);
  return root.kind == format::RootKind::kGarbage && root.place == 0;
}

bool KeptFacts::is_runtimes(uint32_t path) const {
  int steps = 0;
  while (owners_.paths[path].parent != 0) {
    if (++steps > kMostFreedSteps) return false;
    path = owners_.paths[path].parent;
  }
  const uint32_t root = owners_.paths[path].root;
  return root < runtimes_own_.size() && runtimes_own_[root];
}

// Of the elements themselves and what they are made of: what is further in grows by itself. Objects
// of one type that follow one another, as in a list that is linked, are one step, and so are an
// object and its data. While a container fills, all that elements are made of comes with them; once
// it is full only they and what they name themselves is sure to be as many as before.
void KeptFacts::add_limited(const read::OwnersShare& share, Kept& kept) const {
  constexpr int kDeepest = 4;
  constexpr int kDeepestOfFull = 2;
  uint32_t path = share.path;
  uint32_t before = 0;
  for (int depth = 0; path != 0 && depth <= kDeepest; ++depth) {
    const read::OwnersPath& step = owners_.paths[path];
    const Limit limit =
        step.type < owners_.labels.size() ? limit_of(owners_.labels[step.type]) : Limit{};
    if (limit.most > 0) {
      const bool full = limit.elements >= limit.most;
      if (full && depth > kDeepestOfFull) return;
      (full ? kept.full_bytes : kept.filling_bytes) += share.bytes;
      kept.limited = step.type;
      return;
    }
    if (step.type == 0 || step.type == before) --depth;
    if (step.type != 0) before = step.type;
    path = step.parent;
  }
}

}  // namespace silt::report
