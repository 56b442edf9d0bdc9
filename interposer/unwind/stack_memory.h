// SPDX-License-Identifier: Apache-2.0
//
// The stack memory: whole stacks that a thread has walked before, each with everything that has to
// be checked to know that it is the same again. Programs allocate from the same few thousand stacks
// over and over; a call whose stack is remembered costs one comparison for each frame instead of a
// walk.
//
//   roots      by the innermost frame: pc, sp, and bp where it is live (see spine.h)
//   branches   by (number of a check, value found there): how a stack goes on that differs there
//   checks     in groups of four: distance from sp, value that must stand there
//
// A frame that keeps a frame pointer has its caller's bp and its return address side by side. Such
// pairs stand together in groups of two, which are compared sixteen bytes at a time: a third fewer
// instructions in code built with frame pointers, and in code that runtimes compile.
//
// Stacks with the same innermost frame differ somewhere farther out. Together they are a tree, in
// which what they share is checked and stored once. When there is no room left all is forgotten:
// what is needed comes again soon, and nothing has to be asked for its age.
//
// Exact, by the same induction as the spine's (see spine.h): a check is a slot that a frame rule
// read, all slots of a walk are checked, and none is read before those further in have matched, so
// that no memory is touched that a walk would not touch. (Checks of one group are read together:
// their slots lie in one page.) Hook context; owned by one thread.

#ifndef SILT_INTERPOSER_UNWIND_STACK_MEMORY_H_
#define SILT_INTERPOSER_UNWIND_STACK_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <utility>

#include "interposer/base/arch.h"
#include "interposer/base/attributes.h"
#include "interposer/unwind/frame_rule.h"
#include "interposer/unwind/stack_checks.h"

namespace silt::unwind {

class StackMemory {
 public:
  // The tag of the stack whose innermost frame is given, 0 when it is not remembered or is not the
  // same any more.
  SILT_ALWAYS_INLINE uint32_t find(const Frame& innermost) {
    Run run = find_root(innermost);
    while (run.bits != 0) [[likely]] {
        const Group at = first_differing(run, innermost.sp);
        if (at == run.end()) {
          found_ = run.begin();
          return run.tag();
        }
        const uint32_t i = first_difference(at, innermost.sp);
        run = find_branch(check_number(at, i), load(innermost.sp, units(at)[i]));
      }
    return 0;
  }

  // After find has found a stack: the mark that it was remembered with.
  uint16_t mark() const { return marks_[found_ / kCheckUnitsBytes]; }

  // After find has found nothing: whether the stack is worth remembering. One that comes up a
  // second time at its place is, soon after the first. Programs with tens of thousands of stacks,
  // few of which come again soon, would otherwise spend more on remembering than they save, and
  // drive their own data from the cache.
  SILT_ALWAYS_INLINE bool wants(uint32_t tag) {
    // Several to a place, so that stacks which take turns there do not hide one another.
    const auto mark = static_cast<uint16_t>(tag);
    const auto lane = static_cast<uint32_t>(tag * kMultiplier >> (64 - kLaneBits));
    uint16_t& candidate = candidates_[missed_at_ / 2 << kLaneBits | lane];
    const bool again = candidate == mark;
    candidate = mark;
    return again;
  }

  // Remembers a stack. visit_slots(visit) calls visit(slot, value) for every slot that the stack
  // depends on, in the order of the walk, until it returns false, and returns what the last call
  // did. A stack with too many slots, or with one far from sp, is not remembered. The mark is the
  // caller's.
  template <typename VisitSlots>
  void remember(const Frame& innermost, bool bp_live, uint32_t tag, uint16_t mark,
                VisitSlots&& visit_slots) {
    if (next_group_ == 0 || kCheckGroups - next_group_ < kMostCheckGroups) forget();
    const Place place = trace(innermost, bp_live);
    if (place.found) return;
    const Group at = next_group_ * kCheckUnitsBytes;
    CheckBuilder builder(units(at), values(at), innermost.sp);
    uint32_t next = 0;  // of the checks on the way to `place`
    const Passed* before = nullptr;
    const bool fits =
        visit_slots([&](const uint64_t* where, uint64_t value) __attribute__((always_inline)) {
          const uint64_t distance = reinterpret_cast<uint64_t>(where) - innermost.sp;
          if (distance > kMaximumDistance || distance % 8 != 0) return false;
          const auto units = static_cast<uint16_t>(distance / 8);
          // A slot that is not on the way is checked behind it, whatever its own place: all further
          // in have matched by then.
          for (uint32_t i = next; i < place.passed && i < next + kLookAhead; ++i) {
            if (passed_[i].units != units) continue;
            next = i + 1;
            before = &passed_[i];
            return passed_[i].value == value;
          }
          // The other half of a pair is checked again, for the sake of the pair.
          if (builder.empty() && before != nullptr && before->units + 1 == units) {
            builder.add(before->units, before->value);
          }
          return builder.add(units, value);
        });
    if (!fits) return;
    marks_[next_group_] = mark;
    keep(innermost, place, bp_live, tag, builder.finish());
  }

  // Code was unloaded or memory unmapped: no stack may be trusted any more.
  void forget();

 private:
  using Group = CheckGroup;
  using Run = CheckRun;

  struct Root {
    uint64_t pc;
    uint64_t sp;
    uint64_t bp;
    Run run;
  };
  static_assert(sizeof(Root) == 32);

  struct Branch {
    uint64_t value;
    Run run;
  };
  static_assert(sizeof(Branch) == 16);

  // Where a new run belongs: in a root, or in a branch from `check`, where `value` was found.
  struct Place {
    uint32_t passed;  // checks on the way there
    uint32_t check;   // 0: a root
    uint64_t value;
    bool found;  // nowhere: it is there
  };

  struct Passed {
    uint64_t value;
    uint16_t units;
  };

  // As small as serves the programs of the benchmark: what is touched here is driven from the cache
  // elsewhere.
  static constexpr uint32_t kRootBits = 9;
  static constexpr uint32_t kBranchBits = 11;
  static constexpr uint32_t kLaneBits = 2;
  static constexpr uint32_t kRoots = 1u << kRootBits;
  static constexpr uint32_t kRootsInSet = 4;
  static constexpr uint32_t kBranches = 1u << kBranchBits;
  static constexpr uint32_t kMaximumPassed = 4 * kMostCheckGroups;
  static constexpr uint64_t kMaximumDistance = uint64_t{UINT16_MAX} * 8;
  static constexpr uint32_t kLookAhead = 4;
  static constexpr uint64_t kMultiplier = 0x9e3779b97f4a7c15;

  SILT_ALWAYS_INLINE static uint64_t load(uint64_t sp, uint16_t units) {
    return __atomic_load_n(reinterpret_cast<const uint64_t*>(sp) + units, __ATOMIC_RELAXED);
  }

  // Distances from the innermost frame's sp, in words of eight bytes, and what must stand there.
  SILT_ALWAYS_INLINE const uint16_t* units(Group at) const {
    return reinterpret_cast<const uint16_t*>(reinterpret_cast<const char*>(units_) + at);
  }
  SILT_ALWAYS_INLINE const uint64_t* values(Group at) const {
    return reinterpret_cast<const uint64_t*>(reinterpret_cast<const char*>(values_) +
                                             at * (kCheckValuesBytes / kCheckUnitsBytes));
  }
  uint16_t* units(Group at) { return const_cast<uint16_t*>(std::as_const(*this).units(at)); }
  uint64_t* values(Group at) { return const_cast<uint64_t*>(std::as_const(*this).values(at)); }

  static constexpr uint32_t check_number(Group at, uint32_t i) {
    return static_cast<uint32_t>(at / kCheckUnitsBytes * 4) + i;
  }

  SILT_ALWAYS_INLINE bool differs(Group at, uint64_t sp) const {
    const uint16_t* const slot = units(at);
    const uint64_t* const value = values(at);
    return ((load(sp, slot[0]) ^ value[0]) | (load(sp, slot[1]) ^ value[1]) |
            (load(sp, slot[2]) ^ value[2]) | (load(sp, slot[3]) ^ value[3])) != 0;
  }

  SILT_ALWAYS_INLINE bool pairs_differ(Group at, uint64_t sp) const {
    const uint16_t* const slot = units(at);
    return arch::pairs_differ(sp + uint64_t{slot[0]} * 8, sp + uint64_t{slot[2]} * 8, values(at));
  }

  // The first group of a run that does not match; the run's end when all do.
  SILT_ALWAYS_INLINE Group first_differing(Run run, uint64_t sp) const {
    Group at = run.begin();
    const Group end_of_pairs = run.end_of_pairs();
    while (at != end_of_pairs) {
      if (pairs_differ(at, sp)) return at;
      at += kCheckUnitsBytes;
    }
    const Group end = run.end();
    while (at != end && !differs(at, sp)) at += kCheckUnitsBytes;
    return at;
  }

  // Which slot of four holds another value, without a jump that nobody could predict.
  SILT_ALWAYS_INLINE uint32_t first_difference(Group at, uint64_t sp) const {
    const uint16_t* const slot = units(at);
    const uint64_t* const value = values(at);
    const bool same0 = load(sp, slot[0]) == value[0];
    const bool same1 = load(sp, slot[1]) == value[1];
    const bool same2 = load(sp, slot[2]) == value[2];
    return uint32_t{same0} + (same0 & same1) + (same0 & same1 & same2);
  }

  SILT_ALWAYS_INLINE static uint32_t root_hash(uint64_t pc, uint64_t sp) {
    return static_cast<uint32_t>((pc ^ sp << 17) * kMultiplier >> (64 - kRootBits));
  }
  // Roots come in sets of four neighbours: the first of a set. (With two, three stacks of a
  // server's sixty that meet in a set drive one another out at each request, and each is walked
  // again.)
  static constexpr uint32_t set_of(uint32_t hash) { return hash & ~(kRootsInSet - 1); }
  // Branches come in pairs, which share a cache line: the first of a pair.
  SILT_ALWAYS_INLINE static uint32_t branch_pair(uint32_t check, uint64_t value) {
    return static_cast<uint32_t>((value ^ uint64_t{check} << 45) * kMultiplier >>
                                 (64 - kBranchBits)) &
           ~1u;
  }

  SILT_ALWAYS_INLINE static bool is_at(const Root& root, const Frame& frame) {
    return ((root.pc ^ frame.pc) | (root.sp ^ frame.sp) |
            ((root.bp ^ frame.bp) & root.run.bp_mask())) == 0;
  }

  SILT_ALWAYS_INLINE Run find_root(const Frame& frame) {
    const uint32_t hash = root_hash(frame.pc, frame.sp);
    const uint32_t at = set_of(hash);
    if (is_at(roots_[at], frame)) [[likely]]
      return roots_[at].run;
    for (uint32_t i = 1; i < kRootsInSet; ++i) {
      if (is_at(roots_[at + i], frame)) return roots_[at + i].run;
    }
    missed_at_ = kBranches + hash;
    return Run{0};
  }

  SILT_ALWAYS_INLINE Run find_branch(uint32_t check, uint64_t value) {
    const uint32_t at = branch_pair(check, value);
    const Branch& first = branches_[at];
    if (first.value == value && first.run.leaves_at(check)) [[likely]]
      return first.run;
    const Branch& second = branches_[at + 1];
    if (second.value == value && second.run.leaves_at(check)) return second.run;
    missed_at_ = at;
    return Run{0};
  }

  Place trace(const Frame& innermost, bool bp_live);
  void pass(Group at, uint32_t count, uint32_t* passed);
  bool is_two_pairs(Group at) const;
  void keep(const Frame& innermost, const Place& place, bool bp_live, uint32_t tag,
            uint32_t groups);

  uint32_t next_group_;  // 0: nothing is remembered; number 0 is no check's
  Group found_;          // where find found the last one
  uint32_t missed_at_;   // the place among roots or branches where find missed the last one
  uint16_t candidates_[(kBranches + kRoots) / 2 << kLaneBits];  // tags of stacks last missed here
  alignas(64) Root roots_[kRoots];
  Branch branches_[kBranches];
  alignas(64) uint64_t values_[4 * kCheckGroups];
  uint16_t units_[4 * kCheckGroups];
  uint16_t marks_[kCheckGroups];  // by the first group of a stack
  Passed passed_[kMaximumPassed];
};

}  // namespace silt::unwind

#endif  // SILT_INTERPOSER_UNWIND_STACK_MEMORY_H_
