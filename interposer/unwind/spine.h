// SPDX-License-Identifier: Apache-2.0
//
// The spine: the last stack a thread walked, and the walk that reuses it.
//
// An allocation's stack mostly equals the previous one but for its innermost frames. So a walk goes
// by frame rules from the innermost frame only until it meets a frame of the spine (same pc, sp and
// bp), and then checks that every slot from which the spine's outer frames were read still holds
// what it held: independent loads instead of rule look-ups. By induction that is exact: the frame
// at the join is the same, so a walk would read the same slot, find the same value, and be at the
// same next frame. Where a slot differs the walk goes on by rules from there and may join again.
//
//   index     0           1                    count - 1
//           outermost   …                      innermost
//   frame   pc sp bp    a frame with pc 0 is no frame but a second pair of slots of the frame
//   slots   where the next outer frame's pc and bp were read, and what was there
//   tag     the caller's, kept as long as the frame is
//
// Hook context; owned by one thread.

#ifndef SILT_INTERPOSER_UNWIND_SPINE_H_
#define SILT_INTERPOSER_UNWIND_SPINE_H_

#include <cstddef>
#include <cstdint>

#include "interposer/base/attributes.h"
#include "interposer/unwind/frame_rule.h"
#include "interposer/unwind/rule_table.h"
#include "interposer/unwind/stack_region.h"

namespace silt::unwind {

// A walk that would go past this many frames is cut; what is then kept are the innermost frames.
inline constexpr uint32_t kMaximumFrames = 1024;
inline constexpr uint32_t kTruncatedFrames = 256;

enum class Ending : uint8_t { kComplete, kBroken, kTruncated };

class Spine {
 public:
  struct Update {
    uint32_t kept;   // frames [0, kept) are as before, tags included
    uint32_t count;  // frames [kept, count) are new, their tags are to be set
    Ending ending;   // what is beyond frame 0
    bool slow;       // libunwind walked it
  };

  // Makes the spine the stack whose innermost frame is given.
  Update update(RuleTable& rules, const Frame& innermost);

  // True when the innermost frame and every slot are as they were: then nothing is to be done.
  SILT_ALWAYS_INLINE bool unchanged(const Frame& innermost) const {
    if (count_ == 0 || !reusable_) [[unlikely]]
      return false;
    const Frame& top = frames_[count_ - 1];
    if (top.sp != innermost.sp || top.pc != innermost.pc || top.bp != innermost.bp) return false;
    return first_changed(count_ - 1) == 0;
  }

  uint64_t pc(uint32_t index) const { return frames_[index].pc; }
  const Frame& frame(uint32_t index) const { return frames_[index]; }
  uint32_t tag(uint32_t index) const { return tags_[index]; }
  void set_tag(uint32_t index, uint32_t tag) { tags_[index] = tag; }
  uint32_t count() const { return count_; }

  // Nothing of the last stack may be trusted any more (code was unloaded, memory unmapped).
  void forget() {
    count_ = 0;
    regions_.forget();
  }

 private:
  struct Slots {
    const uint64_t* pc_slot;
    uint64_t pc_value;
    const uint64_t* bp_slot;  // its own bp_value where bp stayed in its register
    uint64_t bp_value;
  };
  struct Step {
    Frame next;
    const uint64_t* pc_slot;
    const uint64_t* bp_slot;     // nullptr: bp unchanged
    const uint64_t* extra_slot;  // nullptr: none; else the stack pointer was read here
  };
  enum class StepResult : uint8_t { kStepped, kOutermost, kBroken, kSlow };

  static constexpr uint32_t kCapacity = kMaximumFrames + 64;  // room for second pairs of slots

  // The largest i <= from whose slots no longer hold their values, 0 when all of [1, from] do.
  SILT_ALWAYS_INLINE uint32_t first_changed(uint32_t from) const {
    uint32_t i = from;
    for (; i > 0; --i) {
      const Slots& s = slots_[i];
      const uint64_t difference = (__atomic_load_n(s.pc_slot, __ATOMIC_RELAXED) ^ s.pc_value) |
                                  (__atomic_load_n(s.bp_slot, __ATOMIC_RELAXED) ^ s.bp_value);
      if (difference != 0) [[unlikely]]
        break;
    }
    return i;
  }

  StepResult step(RuleTable& rules, const Frame& frame, Step* step);
  bool push(const Frame& frame);
  void push_step(const Step& step);
  Ending walk_slow(RuleTable& rules, const Frame& innermost);
  Update install(uint32_t kept, Ending ending, bool slow);

  uint32_t count_;
  bool reusable_;
  uint32_t fresh_count_;
  StackRegions regions_;
  Frame frames_[kCapacity];
  uint32_t tags_[kCapacity];
  Slots slots_[kCapacity];
  // The walk under way, innermost first.
  Frame fresh_frames_[kCapacity];
  Slots fresh_slots_[kCapacity];
};

// For tests and SILT_VERIFY_WALK: walks the whole stack of the caller with libunwind and compares
// it with the spine, frame for frame, up to where libunwind has no unwind information. Returns
// false and describes the first difference when they are not equal.
struct Difference {
  uint32_t frame;  // counted from the innermost
  Frame expected;  // libunwind's
  Frame found;     // the spine's
};
bool equals_libunwind_walk(const Spine& spine, Ending ending, Difference* difference);

}  // namespace silt::unwind

#endif  // SILT_INTERPOSER_UNWIND_SPINE_H_
