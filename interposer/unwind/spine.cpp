// SPDX-License-Identifier: Apache-2.0
//
// See spine.h. Hook context.

#include "interposer/unwind/spine.h"

#include "interposer/base/arch.h"
#include "interposer/unwind/libunwind_walk.h"

namespace silt::unwind {
namespace {

uint64_t load(uint64_t address) {
  return __atomic_load_n(reinterpret_cast<const uint64_t*>(address), __ATOMIC_RELAXED);
}

const uint64_t* slot_at(uint64_t address) { return reinterpret_cast<const uint64_t*>(address); }

}  // namespace

int32_t Spine::first_changed(uint32_t from) const {
  const auto changed = [](const Slots& slots) {
    return ((load(reinterpret_cast<uint64_t>(slots.pc_slot)) ^ slots.pc_value) |
            (load(reinterpret_cast<uint64_t>(slots.bp_slot)) ^ slots.bp_value)) != 0;
  };
  uint32_t i = from;
  while (i > 0 && !changed(slots_[i])) --i;
  if (i > 0) return static_cast<int32_t>(i);
  const uint64_t* const end = slots_[0].pc_slot;
  return end != nullptr && load(reinterpret_cast<uint64_t>(end)) != slots_[0].pc_value ? 0 : -1;
}

// The two kinds that nearly all frames are.
SILT_ALWAYS_INLINE Spine::StepResult Spine::step(RuleTable& rules,
                                                 base::LazilyBlockedSignals& blocked, Frame* next) {
  Link& link = fresh_[fresh_count_ - 1];
  Slots& slots = fresh_slots_[fresh_count_ - 1];
  const Frame frame = link.frame;
  FrameRule rule = rules.find(frame.pc);
  if (rule.kind() != RuleKind::kSp && rule.kind() != RuleKind::kBp) [[unlikely]] {
    if (rule.kind() == RuleKind::kUnknown) rule = rules.find_or_derive(frame.pc, blocked);
    return step_rarely(rules, blocked, rule, next);
  }
  const uint64_t cfa = (rule.kind() == RuleKind::kSp ? frame.sp : frame.bp) +
                       static_cast<uint64_t>(rule.cfa_offset());
  const uint64_t pc_at = cfa + static_cast<uint64_t>(rule.pc_slot());
  // A caller's frame lies farther out: a walk that does not move up would never end.
  if (cfa <= frame.sp || !regions_.readable(pc_at)) [[unlikely]]
    return StepResult::kBroken;
  slots.pc_slot = slot_at(pc_at);
  slots.pc_value = load(pc_at);
  next->pc = arch::plain_address(slots.pc_value);
  next->sp = cfa;
  next->bp = frame.bp;
  link.steps_by_bp = rule.kind() == RuleKind::kBp;
  slots.bp_slot = nullptr;
  if (rule.bp_slot() != 0) {
    const uint64_t at = cfa + static_cast<uint64_t>(rule.bp_slot());
    if (!regions_.readable(at)) [[unlikely]]
      return StepResult::kBroken;
    slots.bp_slot = slot_at(at);
    slots.bp_value = load(at);
    next->bp = slots.bp_value;
  }
  return next->pc != 0 ? StepResult::kStepped : StepResult::kOutermost;
}

SILT_ALWAYS_INLINE bool Spine::push(const Frame& frame) {
  if (fresh_count_ >= kMaximumFrames) [[unlikely]]
    return false;
  Link& link = fresh_[fresh_count_];
  link.frame = frame;
  // Where no rule says how it leads outwards, as in libunwind's walk, it leads by neither.
  link.steps_by_bp = false;
  if constexpr (arch::kReturnsByRegister) link.after_signal = false;
  fresh_slots_[fresh_count_++].bp_slot = nullptr;
  return true;
}

// Puts what the walk has found into the spine. With `kPairs` second pairs may have two slots of
// their own, which bp goes past as it is; what has none is spared the question.
template <bool kPairs>
SILT_ALWAYS_INLINE void Spine::link_up(uint32_t kept) {
  bool outer_bp_live = kept > 0 && links_[kept - 1].bp_live;
  for (uint32_t i = kept; i < count_; ++i) {
    Link& link = links_[i];
    Slots& slots = slots_[i];
    link = fresh_[count_ - 1 - i];
    slots = fresh_slots_[count_ - 1 - i];
    link.bp_slot = slots.bp_slot;
    const bool own = slots.bp_slot != nullptr;
    const bool pair = kPairs && link.frame.pc == 0;
    link.bp_live = link.steps_by_bp || ((!own || pair) && outer_bp_live);
    if (!own || !(outer_bp_live || pair)) {
      slots.bp_slot = slots.pc_slot;
      slots.bp_value = slots.pc_value;
    }
    outer_bp_live = link.bp_live;
  }
}

void Spine::link_up_pairs(uint32_t kept) { link_up<true>(kept); }

SILT_ALWAYS_INLINE Spine::Update Spine::install(uint32_t kept, Ending ending, bool slow) {
  if (kept + fresh_count_ > kMaximumFrames) [[unlikely]]
    ending = Ending::kTruncated;
  uint32_t fresh = fresh_count_;
  if (ending == Ending::kTruncated) [[unlikely]] {
    // The innermost frames, wherever they came from; the outer ones do not matter any more.
    const uint32_t from_kept = fresh < kTruncatedFrames ? kTruncatedFrames - fresh : 0;
    const uint32_t moved = from_kept < kept ? from_kept : kept;
    for (uint32_t i = 0; i < moved; ++i) {
      links_[i] = links_[kept - moved + i];
      slots_[i] = slots_[kept - moved + i];
    }
    if (fresh > kTruncatedFrames) fresh = kTruncatedFrames;
    kept = moved;
  }
  count_ = kept + fresh;
  if (fresh_has_pairs_) [[unlikely]] {
    link_up_pairs(kept);
  } else {
    link_up<false>(kept);
  }
  reusable_ = ending == Ending::kComplete && !slow;
  // Tags of frames that moved to another place in the tree have to be found anew.
  return Update{ending == Ending::kTruncated ? 0 : kept, count_, ending, slow};
}

Spine::Update Spine::update(RuleTable& rules, const Frame& innermost) {
  base::LazilyBlockedSignals blocked;
  fresh_count_ = 0;
  fresh_has_pairs_ = false;
  Frame frame = innermost;
  // Frames [0, candidates) of the old spine may still be joined.
  uint32_t candidates = reusable_ ? count_ : 0;
  for (;;) {
    while (candidates > 0 && links_[candidates - 1].frame.sp < frame.sp) --candidates;
    if (candidates > 0) {
      const uint32_t at = candidates - 1;
      const Frame& known = links_[at].frame;
      if (known.sp == frame.sp && known.pc == frame.pc &&
          (known.bp == frame.bp || !links_[at].bp_live) &&
          !(arch::kReturnsByRegister && links_[at].after_signal)) {
        const int32_t first = first_changed(at);
        if (first < 0) {
          links_[at].frame.bp = frame.bp;
          return install(at + 1, Ending::kComplete, false);
        }
        auto changed = static_cast<uint32_t>(first);
        if (links_[changed].frame.pc == 0) ++changed;  // a second pair: its frame is in doubt
        if (changed > at) changed = at;
        // Frames at … changed are as they were; the step out of `changed` has to be taken anew, and
        // what was no live bp on the old way out may be one on the new.
        uint64_t bp = frame.bp;
        for (uint32_t i = at; i > changed; --i) {
          if (fresh_count_ >= kMaximumFrames) return install(0, Ending::kTruncated, false);
          Link& link = fresh_[fresh_count_];
          Slots& slots = fresh_slots_[fresh_count_++];
          link = links_[i];
          slots = slots_[i];
          slots.bp_slot = link.bp_slot;
          if (link.frame.pc == 0) {
            fresh_has_pairs_ = true;
            continue;
          }
          link.frame.bp = bp;
          if (link.bp_slot == nullptr) continue;
          slots.bp_value = load(reinterpret_cast<uint64_t>(link.bp_slot));
          bp = slots.bp_value;
        }
        frame = links_[changed].frame;
        frame.bp = bp;
        candidates = changed;
      }
    }
    if (!push(frame)) return install(0, Ending::kTruncated, false);
    switch (step(rules, blocked, &frame)) {
      case StepResult::kStepped:
        break;
      case StepResult::kOutermost:
        return install(0, Ending::kComplete, false);
      case StepResult::kBroken:
        return install(0, Ending::kBroken, false);
      case StepResult::kSlow:
        blocked.restore();  // this goes farther down the stack
        return install(0, walk_slow(rules, innermost), true);
    }
  }
}

SILT_COLD Ending Spine::walk_slow(RuleTable& rules, const Frame& innermost) {
  arch::Registers registers;
  arch::capture(&registers);
  bool complete = false;
  // Slots stay as they are and are never looked at: a slow stack is not reused. fresh_ is used as
  // libunwind's output as well, so the frames are spread out from the back.
  auto* const frames = reinterpret_cast<Frame*>(fresh_);
  const auto count = static_cast<uint32_t>(
      walk_with_libunwind(registers, innermost.sp, frames, kMaximumFrames, &complete));
  for (uint32_t i = count; i > 0; --i) {
    const Frame frame = frames[i - 1];
    Link& link = fresh_[i - 1];
    link.frame = frame;
    link.steps_by_bp = false;
    link.after_signal = false;
    fresh_slots_[i - 1].bp_slot = nullptr;
  }
  fresh_count_ = count;
  if (complete) return Ending::kComplete;
  if (count >= kMaximumFrames) return Ending::kTruncated;
  if (count == 0) {
    push(innermost);
    return Ending::kBroken;
  }
  // libunwind stops where there is no unwind information; rules know what to do there.
  base::LazilyBlockedSignals blocked;
  for (;;) {
    Frame next;
    switch (step(rules, blocked, &next)) {
      case StepResult::kStepped:
        break;
      case StepResult::kOutermost:
        return Ending::kComplete;
      case StepResult::kBroken:
      case StepResult::kSlow:
        return Ending::kBroken;
    }
    if (!push(next)) return Ending::kTruncated;
  }
}

}  // namespace silt::unwind
