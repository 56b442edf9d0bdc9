// SPDX-License-Identifier: Apache-2.0
//
// See spine.h. Hook context.

#include "interposer/unwind/spine.h"

#include "interposer/base/arch.h"
#include "interposer/unwind/derive.h"

namespace silt::unwind {
namespace {

// A frame-pointer guess must not jump farther than this up the stack.
constexpr uint64_t kMaximumGuessedFrame = uint64_t{16} << 20;

uint64_t load(uint64_t address) {
  return __atomic_load_n(reinterpret_cast<const uint64_t*>(address), __ATOMIC_RELAXED);
}

const uint64_t* slot_at(uint64_t address) { return reinterpret_cast<const uint64_t*>(address); }

}  // namespace

Spine::StepResult Spine::step(RuleTable& rules, const Frame& frame, Step* step) {
  FrameRule rule = rules.find(frame.pc);
  if (rule.kind() == RuleKind::kUnknown) [[unlikely]]
    rule = rules.find_or_derive(frame.pc);
  step->extra_slot = nullptr;
  uint64_t cfa;
  uint64_t bp_at;
  switch (rule.kind()) {
    case RuleKind::kSp:
      cfa = frame.sp + static_cast<uint64_t>(rule.cfa_offset());
      bp_at = cfa + static_cast<uint64_t>(rule.bp_slot());
      break;
    case RuleKind::kBp:
      cfa = frame.bp + static_cast<uint64_t>(rule.cfa_offset());
      bp_at = cfa + static_cast<uint64_t>(rule.bp_slot());
      break;
    case RuleKind::kBpIndirect: {
      const uint64_t at = frame.bp + static_cast<uint64_t>(rule.indirect_slot());
      if (!regions_.readable(at)) return StepResult::kBroken;
      step->extra_slot = slot_at(at);
      cfa = load(at) + static_cast<uint64_t>(rule.cfa_offset());
      bp_at = frame.bp + static_cast<uint64_t>(rule.bp_slot()) - 8;
      break;
    }
    case RuleKind::kSignal: {
      const uint64_t pc_at = frame.sp + arch::kSignalPcOffset;
      const uint64_t sp_at = frame.sp + arch::kSignalSpOffset;
      bp_at = frame.sp + arch::kSignalBpOffset;
      if (!regions_.readable(pc_at) || !regions_.readable(sp_at) || !regions_.readable(bp_at)) {
        return StepResult::kBroken;
      }
      step->pc_slot = slot_at(pc_at);
      step->bp_slot = slot_at(bp_at);
      step->extra_slot = slot_at(sp_at);
      step->next = Frame{load(pc_at) + 1, load(sp_at), load(bp_at)};
      return step->next.pc == 1 ? StepResult::kOutermost : StepResult::kStepped;
    }
    case RuleKind::kFramePointer:
      if (frame.bp == 0) return StepResult::kOutermost;
      cfa = frame.bp + 16;
      bp_at = frame.bp;
      if (frame.bp < frame.sp || frame.bp - frame.sp > kMaximumGuessedFrame ||
          (frame.bp & 7) != 0) {
        return StepResult::kBroken;
      }
      break;
    case RuleKind::kOutermost:
      return StepResult::kOutermost;
    case RuleKind::kSlow:
      return StepResult::kSlow;
    case RuleKind::kUnknown:
    default:
      return StepResult::kBroken;
  }
  // A caller's frame lies farther out: a walk that does not move up would never end.
  if (cfa <= frame.sp || !regions_.readable(cfa - 8)) return StepResult::kBroken;
  step->pc_slot = slot_at(cfa - 8);
  step->next.pc = load(cfa - 8);
  step->next.sp = cfa;
  if (bp_at != cfa || rule.kind() == RuleKind::kBpIndirect) {
    if (!regions_.readable(bp_at)) return StepResult::kBroken;
    step->bp_slot = slot_at(bp_at);
    step->next.bp = load(bp_at);
  } else {
    step->bp_slot = nullptr;
    step->next.bp = frame.bp;
  }
  if (step->next.pc == 0) return StepResult::kOutermost;
  return StepResult::kStepped;
}

bool Spine::push(const Frame& frame) {
  if (fresh_count_ >= kMaximumFrames) return false;
  fresh_frames_[fresh_count_] = frame;
  ++fresh_count_;
  return true;
}

// Fills in how the frame pushed last leads to the next one.
void Spine::push_step(const Step& step) {
  Slots& slots = fresh_slots_[fresh_count_ - 1];
  slots.pc_slot = step.pc_slot;
  slots.pc_value = *step.pc_slot;
  slots.bp_slot = step.bp_slot;  // nullptr becomes a self-comparison in install
  slots.bp_value = step.bp_slot == nullptr ? 0 : *step.bp_slot;
  if (step.extra_slot != nullptr) {
    fresh_frames_[fresh_count_] = Frame{0, 0, 0};
    fresh_slots_[fresh_count_] = Slots{step.extra_slot, *step.extra_slot, nullptr, 0};
    ++fresh_count_;
  }
}

Spine::Update Spine::install(uint32_t kept, Ending ending, bool slow) {
  if (kept + fresh_count_ > kMaximumFrames) ending = Ending::kTruncated;
  uint32_t fresh = fresh_count_;
  if (ending == Ending::kTruncated) {
    // The innermost frames, wherever they came from; the outer ones do not matter any more.
    const uint32_t from_kept = fresh < kTruncatedFrames ? kTruncatedFrames - fresh : 0;
    const uint32_t moved = from_kept < kept ? from_kept : kept;
    for (uint32_t i = 0; i < moved; ++i) frames_[i] = frames_[kept - moved + i];
    if (fresh > kTruncatedFrames) fresh = kTruncatedFrames;
    kept = moved;
  }
  for (uint32_t i = 0; i < fresh; ++i) {
    const uint32_t to = kept + fresh - 1 - i;
    frames_[to] = fresh_frames_[i];
    Slots& slots = slots_[to];
    slots = fresh_slots_[i];
    if (slots.bp_slot == nullptr) slots.bp_slot = &slots.bp_value;
  }
  count_ = kept + fresh;
  reusable_ = ending == Ending::kComplete && !slow;
  // Tags of frames that moved to another place in the tree have to be found anew.
  return Update{ending == Ending::kTruncated ? 0 : kept, count_, ending, slow};
}

Spine::Update Spine::update(RuleTable& rules, const Frame& innermost) {
  fresh_count_ = 0;
  Frame frame = innermost;
  // Frames [0, candidate) of the old spine may still be joined.
  uint32_t candidates = reusable_ ? count_ : 0;
  for (;;) {
    while (candidates > 0 && frames_[candidates - 1].sp < frame.sp) --candidates;
    if (candidates > 0) {
      const uint32_t at = candidates - 1;
      const Frame& known = frames_[at];
      if (known.sp == frame.sp && known.pc == frame.pc && known.bp == frame.bp) {
        uint32_t changed = first_changed(at);
        if (changed == 0) return install(at + 1, Ending::kComplete, false);
        if (frames_[changed].pc == 0) ++changed;  // a second pair: its frame's step is in doubt
        if (changed > at) changed = at;
        // Frames at … changed are as they were; the step out of `changed` has to be taken anew.
        for (uint32_t i = at; i > changed; --i) {
          if (fresh_count_ >= kMaximumFrames) return install(0, Ending::kTruncated, false);
          fresh_frames_[fresh_count_] = frames_[i];
          Slots slots = slots_[i];
          if (slots.bp_slot == &slots_[i].bp_value) slots.bp_slot = nullptr;
          fresh_slots_[fresh_count_] = slots;
          ++fresh_count_;
        }
        frame = frames_[changed];
        candidates = changed;
      }
    }
    if (!push(frame)) return install(0, Ending::kTruncated, false);
    Step next;
    switch (step(rules, frame, &next)) {
      case StepResult::kStepped:
        break;
      case StepResult::kOutermost:
        return install(0, Ending::kComplete, false);
      case StepResult::kBroken:
        return install(0, Ending::kBroken, false);
      case StepResult::kSlow: {
        const Ending ending = walk_slow(rules, innermost);
        return install(0, ending, true);
      }
    }
    push_step(next);
    frame = next.next;
  }
}

SILT_COLD Ending Spine::walk_slow(RuleTable& rules, const Frame& innermost) {
  arch::Registers registers;
  arch::capture(&registers);
  bool complete = false;
  fresh_count_ = static_cast<uint32_t>(
      walk_with_libunwind(registers, innermost.sp, fresh_frames_, kMaximumFrames, &complete));
  for (uint32_t i = 0; i < fresh_count_; ++i) {
    fresh_slots_[i] = Slots{};  // never looked at: a slow stack is not reused
  }
  if (complete) return Ending::kComplete;
  if (fresh_count_ >= kMaximumFrames) return Ending::kTruncated;
  if (fresh_count_ == 0) {
    push(innermost);
    return Ending::kBroken;
  }
  // libunwind stops where there is no unwind information; rules know what to do there.
  Frame frame = fresh_frames_[fresh_count_ - 1];
  for (;;) {
    Step next;
    switch (step(rules, frame, &next)) {
      case StepResult::kStepped:
        break;
      case StepResult::kOutermost:
        return Ending::kComplete;
      case StepResult::kBroken:
      case StepResult::kSlow:
        return Ending::kBroken;
    }
    frame = next.next;
    if (!push(frame)) return Ending::kTruncated;
    fresh_slots_[fresh_count_ - 1] = Slots{};
  }
}

SILT_COLD bool equals_libunwind_walk(const Spine& spine, Ending ending, Difference* difference) {
  static constinit Frame reference[kMaximumFrames + 1];
  static constinit base::SpinLock reference_lock;
  const base::SpinGuard guard(reference_lock);
  if (spine.count() == 0) return true;
  const Frame innermost = spine.frame(spine.count() - 1);
  arch::Registers registers;
  arch::capture(&registers);
  bool complete = false;
  const size_t expected =
      walk_with_libunwind(registers, innermost.sp, reference, kMaximumFrames + 1, &complete);
  size_t i = 0;
  uint32_t index = spine.count();
  for (; i < expected; ++i) {
    while (index > 0 && spine.pc(index - 1) == 0) --index;
    if (index == 0) break;
    const Frame& found = spine.frame(--index);
    if (found.pc != reference[i].pc || found.sp != reference[i].sp || found.bp != reference[i].bp) {
      *difference = Difference{static_cast<uint32_t>(i), reference[i], found};
      return false;
    }
  }
  while (index > 0 && spine.pc(index - 1) == 0) --index;
  // Beyond libunwind's end: right where it ended for want of unwind information; a truncated walk
  // may be shorter.
  const bool shorter = i < expected && ending != Ending::kTruncated;
  const bool longer = index > 0 && complete;
  if (!shorter && !longer) return true;
  *difference = Difference{static_cast<uint32_t>(i), shorter ? reference[i] : Frame{0, 0, 0},
                           longer ? spine.frame(index - 1) : Frame{0, 0, 0}};
  return false;
}

}  // namespace silt::unwind
