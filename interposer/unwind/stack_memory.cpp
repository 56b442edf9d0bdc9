// SPDX-License-Identifier: Apache-2.0
//
// See stack_memory.h. Hook context.

#include "interposer/unwind/stack_memory.h"

namespace silt::unwind {

void StackMemory::pass(uint32_t at, uint32_t count, uint32_t* passed) {
  for (uint32_t i = 0; i < count; ++i) {
    if (*passed == kMaximumPassed) return;  // what is left is checked again
    passed_[(*passed)++] = Passed{values_[at].of[i], units_[at].of[i]};
  }
}

// The way that find takes through the memory, to where it ends.
StackMemory::Place StackMemory::trace(const Frame& innermost, bool bp_live) {
  Place place{0, 0, 0, false};
  Run run = find_root(innermost);
  // All that begin at this frame would have to compare bp: the others make way.
  if (bp_live && run.bp_mask() == 0) return place;
  while (run.bits != 0) {
    const uint32_t at = first_differing(run, innermost.sp);
    for (uint32_t matching = run.begin(); matching != at; ++matching) {
      pass(matching, 4, &place.passed);
    }
    if (at == run.end()) {
      place.found = true;
      return place;
    }
    const uint32_t i = first_difference(at, innermost.sp);
    pass(at, i, &place.passed);
    place.check = at * 4 + i;
    place.value = load(innermost.sp, units_[at].of[i]);
    if (place.passed < kMaximumPassed) {
      passed_[place.passed++] = Passed{place.value, units_[at].of[i]};
    }
    run = find_branch(place.check, place.value);
  }
  return place;
}

bool StackMemory::is_two_pairs(uint32_t at) const {
  const uint16_t* const units = units_[at].of;
  return units[1] == units[0] + 1 && units[3] == units[2] + 1;
}

void StackMemory::keep(const Frame& innermost, const Place& place, bool bp_live, uint32_t tag,
                       uint32_t groups) {
  uint32_t in_pairs = 0;
  while (in_pairs < kMaximumInPairs && in_pairs < groups && is_two_pairs(next_group_ + in_pairs)) {
    ++in_pairs;
  }
  Run run{uint64_t{tag} << 40 | uint64_t{next_group_} << 27 | uint64_t{groups} << 20 |
          uint64_t{in_pairs} << 15};
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
