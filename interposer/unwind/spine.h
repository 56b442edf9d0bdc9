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
//                       after it; where that is an interpreter's, bp is what stands for the
//                       place in its function, and the slots are those that tell it
//   slots   where the next outer frame's pc and bp were read, and what was there; the outermost
//           frame has one where a pc of 0 was read, if that is what made it the outermost
//   tag     the caller's, kept as long as the frame is
//
// A frame's bp is often no frame pointer but whatever the function keeps in that register, another
// number at each call. It matters only where it is live: where this frame, or one further out
// before bp is read from memory again, steps by it. Only then is it compared; a bp that is not
// live may be out of date in a frame that was kept.
//
// Hook context; owned by one thread.

#ifndef SILT_INTERPOSER_UNWIND_SPINE_H_
#define SILT_INTERPOSER_UNWIND_SPINE_H_

#include <cstddef>
#include <cstdint>

#include "interposer/base/attributes.h"
#include "interposer/base/blocked_signals.h"
#include "interposer/unwind/frame_rule.h"
#include "interposer/unwind/rule_table.h"
#include "interposer/unwind/stack_region.h"

namespace silt::unwind {

// A walk that would go past this many frames is cut; what is then kept are the innermost frames. A
// frame with a second pair of slots counts twice, so that a thousand of an interpreter's have room.
inline constexpr uint32_t kMaximumFrames = 2048;
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

  uint64_t pc(uint32_t index) const { return links_[index].frame.pc; }
  // Of a second pair of slots, whose pc is 0: what stands for the place in the function that the
  // next frame runs, 0: nothing does.
  uint64_t function_pc(uint32_t index) const { return links_[index].frame.bp; }
  const Frame& frame(uint32_t index) const { return links_[index].frame; }
  bool bp_live(uint32_t index) const { return links_[index].bp_live; }
  uint32_t tag(uint32_t index) const { return links_[index].tag; }
  void set_tag(uint32_t index, uint32_t tag) { links_[index].tag = tag; }
  uint32_t count() const { return count_; }
  // Whether the spine's slots prove it the same later.
  bool reusable() const { return reusable_; }

  // Calls visit(slot, value) for every slot that the stack depends on, in the order of the walk,
  // until it returns false; returns what the last call did. Of two that a step reads side by side
  // the lower one comes first.
  template <typename Visitor>
  SILT_ALWAYS_INLINE bool visit_slots(Visitor&& visit) const {
    for (uint32_t i = count_ - 1; i > 0; --i) {
      const Slots& slots = slots_[i];
      const bool bp_first = slots.bp_slot + 1 == slots.pc_slot;
      if (bp_first && !visit(slots.bp_slot, slots.bp_value)) return false;
      if (!visit(slots.pc_slot, slots.pc_value)) return false;
      if (bp_first || slots.bp_slot == slots.pc_slot) continue;
      if (!visit(slots.bp_slot, slots.bp_value)) return false;
    }
    const Slots& outermost = slots_[0];
    return outermost.pc_slot == nullptr || visit(outermost.pc_slot, outermost.pc_value);
  }

  // Nothing of the last stack may be trusted any more (code was unloaded, memory unmapped).
  void forget() {
    count_ = 0;
    regions_.forget();
  }

 private:
  // A frame.
  struct Link {
    Frame frame;
    const uint64_t* bp_slot;  // where the next outer frame's bp was read; nullptr: in its register
    uint32_t tag;
    bool steps_by_bp;
    bool bp_live;
    bool after_signal;  // how it leads outwards depends on the signal frame before it, too
  };
  static_assert(sizeof(Link) == 40);

  // Where the pc and bp of the frame's caller were read, and what was there: all that has to be
  // looked at to know that a frame of the spine leads where it led, on half a cache line. In a
  // spine, a bp that is in its register, or does not matter in the caller, has the pc's slot.
  struct Slots {
    const uint64_t* pc_slot;
    uint64_t pc_value;
    const uint64_t* bp_slot;
    uint64_t bp_value;
  };
  static_assert(sizeof(Slots) == 32);

  enum class StepResult : uint8_t { kStepped, kOutermost, kBroken, kSlow };

  static constexpr uint32_t kCapacity = kMaximumFrames + 64;  // room for second pairs of slots

  // The largest i <= from whose slots no longer hold their values, -1 when all of [0, from] do.
  int32_t first_changed(uint32_t from) const;

  // Fills in how fresh_[fresh_count_ - 1] leads to the next frame, and *next.
  StepResult step(RuleTable& rules, base::LazilyBlockedSignals& blocked, Frame* next);
  StepResult step_rarely(RuleTable& rules, base::LazilyBlockedSignals& blocked, FrameRule rule,
                         Frame* next);
  uint64_t saved_link_register() const;
  bool push(const Frame& frame);
  Ending walk_slow(RuleTable& rules, const Frame& innermost);
  template <bool kPairs>
  void link_up(uint32_t kept);
  void link_up_pairs(uint32_t kept);
  Update install(uint32_t kept, Ending ending, bool slow);

  uint32_t count_;
  bool reusable_;
  uint32_t fresh_count_;
  bool fresh_has_pairs_;  // some second pair among them has two slots of its own
  StackRegions regions_;
  Link links_[kCapacity];
  alignas(32) Slots slots_[kCapacity];
  // The walk under way, innermost first; a bp in its register has no slot here.
  Link fresh_[kCapacity];
  alignas(32) Slots fresh_slots_[kCapacity];
};

}  // namespace silt::unwind

#endif  // SILT_INTERPOSER_UNWIND_SPINE_H_
