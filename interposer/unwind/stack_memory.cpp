// SPDX-License-Identifier: Apache-2.0
//
// See stack_memory.h. Hook context.

#include "interposer/unwind/stack_memory.h"

namespace silt::unwind {

void StackMemory::pass(const Group& group, uint32_t count, uint32_t* passed) {
  for (uint32_t i = 0; i < count; ++i) {
    if (*passed == kMaximumPassed) return;  // what is left is checked again
    passed_[(*passed)++] = Passed{group.values[i], group.units[i]};
  }
}

// The way that find takes through the memory, to where it ends.
StackMemory::Place StackMemory::trace(const Frame& innermost, bool bp_live) {
  Place place{0, 0, 0, false};
  Run run = find_root(innermost);
  // All that begin at this frame would have to compare bp: the others make way.
  if (bp_live && run.bp_mask() == 0) return place;
  while (run.bits != 0) {
    uint32_t at = run.begin();
    const uint32_t end = at + run.groups();
    for (; at != end && !differs(groups_[at], innermost.sp); ++at) {
      pass(groups_[at], 4, &place.passed);
    }
    if (at == end) {
      place.found = true;
      return place;
    }
    const Group& group = groups_[at];
    const uint32_t i = first_difference(group, innermost.sp);
    pass(group, i, &place.passed);
    place.check = at * 4 + i;
    place.value = load(innermost.sp, group.units[i]);
    if (place.passed < kMaximumPassed) {
      passed_[place.passed++] = Passed{place.value, group.units[i]};
    }
    run = find_branch(place.check, place.value);
  }
  return place;
}

bool StackMemory::add_check(uint64_t sp, uint16_t units, uint64_t value) {
  if (building_ == 4 * kMaximumGroups) return false;
  Group* group = &groups_[next_group_ + building_ / 4];
  if (building_ % 4 != 0) {
    // Slots of one group are read together, so the first must vouch for the others.
    const uint64_t first = sp + uint64_t{group->units[0]} * 8;
    if ((first ^ (sp + uint64_t{units} * 8)) / base::kPageSize != 0) {
      building_ += 4 - building_ % 4;
      if (building_ == 4 * kMaximumGroups) return false;
      ++group;
    }
  }
  // The rest of the group repeats the check until others take its place.
  for (uint32_t i = building_ % 4; i < 4; ++i) {
    group->units[i] = units;
    group->values[i] = value;
  }
  ++building_;
  return true;
}

void StackMemory::keep(const Frame& innermost, const Place& place, bool bp_live, uint32_t tag) {
  const uint32_t groups = (building_ + 3) / 4;
  Run run{uint64_t{tag} << 40 | uint64_t{next_group_} << 27 | uint64_t{groups} << 20};
  next_group_ += groups;
  if (place.check != 0) {
    run.bits |= place.check;
    // Pairs are filled from the front; the older one makes way.
    Branch* const pair = &branches_[branch_pair(place.check, place.value)];
    if (pair[0].run.bits != 0) pair[1] = pair[0];
    pair[0] = Branch{place.value, run};
    return;
  }
  run.bits |= bp_live ? 1 : 0;
  // To the front; the others move up, as far as the first that is free or is replaced by this one.
  Root* const set = &roots_[set_of(root_hash(innermost.pc, innermost.sp))];
  uint32_t last = 0;
  while (last < kRootsInSet - 1 && set[last].run.bits != 0 && !is_at(set[last], innermost)) ++last;
  for (; last > 0; --last) set[last] = set[last - 1];
  set[0] = Root{innermost.pc, innermost.sp, innermost.bp, run};
}

void StackMemory::forget() {
  if (next_group_ > 1) {
    for (Root& root : roots_) root = Root{};
    for (Branch& branch : branches_) branch = Branch{};
  }
  next_group_ = 1;
}

}  // namespace silt::unwind
