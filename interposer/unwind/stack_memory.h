// SPDX-License-Identifier: Apache-2.0
//
// The stack memory: whole stacks that a thread has walked before, each with everything that has to
// be checked to know that it is the same again. Programs allocate from the same few hundred stacks
// over and over; a call whose innermost frame (pc, sp, bp) is remembered costs one comparison for
// each frame instead of a walk.
//
//   entries   direct-mapped by a hash of (pc, sp); bp is compared where it is live (see spine.h)
//             pc sp bp | mask | where its checks begin | how many | the caller's tag
//   checks    a ring:  { value, distance from sp } … innermost frame first
//
// Exact, by the same induction as the spine's (see spine.h): a check is the slot that a frame rule
// read, in the order of the walk, and none is read before all those further in have matched; so no
// memory is touched that a walk would not touch. Checks that the ring has overwritten make their
// entry invalid. Hook context; owned by one thread.

#ifndef SILT_INTERPOSER_UNWIND_STACK_MEMORY_H_
#define SILT_INTERPOSER_UNWIND_STACK_MEMORY_H_

#include <cstddef>
#include <cstdint>

#include "interposer/base/attributes.h"
#include "interposer/unwind/frame_rule.h"

namespace silt::unwind {

class StackMemory {
 public:
  // The tag of the stack whose innermost frame is given, 0 when it is not remembered or is not the
  // same any more.
  SILT_ALWAYS_INLINE uint32_t find(const Frame& innermost) const {
    const Entry& entry = entries_[slot(innermost)];
    if (((entry.pc ^ innermost.pc) | (entry.sp ^ innermost.sp) |
         ((entry.bp ^ innermost.bp) & entry.bp_mask)) != 0) {
      return 0;
    }
    // A stack that is being built may already have overwritten what comes next in the ring.
    if (ring_next_ - entry.begin > kChecks - kMaximumChecks) [[unlikely]]
      return 0;
    const Check* check = &checks_[entry.begin % kChecks];
    const Check* const end = check + entry.count;
    for (; check != end; ++check) {
      if (__atomic_load_n(reinterpret_cast<const uint64_t*>(innermost.sp + check->distance),
                          __ATOMIC_RELAXED) != check->value) {
        return 0;
      }
    }
    return entry.tag;
  }

  // Whether a stack that was not found is worth remembering: one that comes up a second time at
  // its place is. Programs with tens of thousands of stacks, few of which come again soon, would
  // otherwise spend more on remembering than they save, and drive their own data from the cache.
  SILT_ALWAYS_INLINE bool wants(const Frame& innermost, uint32_t tag) {
    uint32_t& candidate = candidates_[slot(innermost)];
    const bool again = candidate == tag;
    candidate = tag;
    return again;
  }

  // Building the memory of one stack: begin, then add each slot from the innermost frame outward,
  // then keep. A stack with too many slots, or with one that does not lie above sp, is not kept.
  SILT_ALWAYS_INLINE void begin() {
    // Checks of one stack stand together: what is left at the ring's end is skipped.
    if (kChecks - ring_next_ % kChecks < kMaximumChecks)
      ring_next_ += kChecks - ring_next_ % kChecks;
    building_ = 0;
  }
  SILT_ALWAYS_INLINE bool add(const Frame& innermost, const uint64_t* where, uint64_t value) {
    const uint64_t distance = reinterpret_cast<uint64_t>(where) - innermost.sp;
    if (building_ == kMaximumChecks || distance > kMaximumDistance) [[unlikely]]
      return false;
    checks_[ring_next_ % kChecks + building_++] = Check{value, distance};
    return true;
  }
  SILT_ALWAYS_INLINE void keep(const Frame& innermost, bool bp_live, uint32_t tag) {
    entries_[slot(innermost)] =
        Entry{innermost.pc, innermost.sp, innermost.bp, bp_live ? ~uint64_t{0} : 0,
              ring_next_,   building_,    tag};
    ring_next_ += building_;
  }

  // Code was unloaded or memory unmapped: no stack may be trusted any more.
  void forget();

 private:
  struct Check {
    uint64_t value;
    uint64_t distance;
  };
  struct Entry {
    uint64_t pc;
    uint64_t sp;
    uint64_t bp;
    uint64_t bp_mask;
    uint64_t begin;  // counted from the first check ever made
    uint32_t count;
    uint32_t tag;
  };

  static constexpr uint64_t kEntries = 512;
  static constexpr uint64_t kChecks = 32 * 1024;
  static constexpr uint32_t kMaximumChecks = 512;
  static constexpr uint64_t kMaximumDistance = uint64_t{1} << 32;

  SILT_ALWAYS_INLINE static uint64_t slot(const Frame& frame) {
    uint64_t hash = (frame.pc ^ frame.sp << 17) * 0x9e3779b97f4a7c15;
    return hash >> 55;
  }
  static_assert(kEntries == uint64_t{1} << (64 - 55));

  uint64_t ring_next_;
  uint32_t building_;
  uint32_t candidates_[kEntries];  // tag of the stack that was last missed here
  Entry entries_[kEntries];
  Check checks_[kChecks];
};

}  // namespace silt::unwind

#endif  // SILT_INTERPOSER_UNWIND_STACK_MEMORY_H_
