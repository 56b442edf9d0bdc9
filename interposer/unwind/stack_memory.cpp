// SPDX-License-Identifier: Apache-2.0
//
// See stack_memory.h. Hook context.

#include "interposer/unwind/stack_memory.h"

namespace silt::unwind {

void StackMemory::pass(Group at, uint32_t count, uint32_t* passed) {
  for (uint32_t i = 0; i < count; ++i) {
    if (*passed == kMaximumPassed) return;  // what is left is checked again
    passed_[(*passed)++] = Passed{values(at)[i], units(at)[i]};
  }
}

// The way that find takes through the memory, to where it ends.
StackMemory::Place StackMemory::trace(const Frame& innermost, bool bp_live) {
  Place place{0, 0, 0, false};
  Run run = find_root(innermost);
  // All that begin at this frame would have to compare bp: the others make way.
  if (bp_live && run.bp_mask() == 0) return place;
  while (run.bits != 0) {
    const Group at = first_differing(run, innermost.sp);
    for (Group matching = run.begin(); matching != at; matching += kCheckUnitsBytes) {
      pass(matching, 4, &place.passed);
    }
    if (at == run.end()) {
      place.found = true;
      return place;
    }
    const uint32_t i = first_difference(at, innermost.sp);
    pass(at, i, &place.passed);
    place.check = check_number(at, i);
    place.value = load(innermost.sp, units(at)[i]);
    if (place.passed < kMaximumPassed) {
      passed_[place.passed++] = Passed{place.value, units(at)[i]};
    }
    run = find_branch(place.check, place.value);
  }
  return place;
}

bool StackMemory::is_two_pairs(Group at) const {
  const uint16_t* const slot = units(at);
  return slot[1] == slot[0] + 1 && slot[3] == slot[2] + 1;
}

void StackMemory::keep(const Frame& innermost, const Place& place, bool bp_live, uint32_t tag,
                       uint32_t groups) {
  uint32_t in_pairs = 0;
  while (in_pairs < kMostInPairs && in_pairs < groups &&
         is_two_pairs((next_group_ + in_pairs) * kCheckUnitsBytes)) {
    ++in_pairs;
  }
  Run run{uint64_t{tag} << 40 | uint64_t{next_group_} << 27 | uint64_t{groups} << 20 |
          uint64_t{in_pairs} << 15};
  // One that needs no checks of its own has a mark of its own all the same.
  next_group_ += groups != 0 ? groups : 1;
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
