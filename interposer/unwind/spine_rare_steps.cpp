// SPDX-License-Identifier: Apache-2.0
//
// The steps of a walk that few frames take: see spine.h. Hook context.

#include "interposer/base/arch.h"
#include "interposer/unwind/interpreter.h"
#include "interposer/unwind/spine.h"

namespace silt::unwind {
namespace {

// A frame-pointer guess must not jump farther than this up the stack.
constexpr uint64_t kMaximumGuessedFrame = uint64_t{16} << 20;

uint64_t load(uint64_t address) {
  return __atomic_load_n(reinterpret_cast<const uint64_t*>(address), __ATOMIC_RELAXED);
}

const uint64_t* slot_at(uint64_t address) { return reinterpret_cast<const uint64_t*>(address); }

}  // namespace

// Where the signal frame that the frame to be left was reached by has the link register; 0: none.
uint64_t Spine::saved_link_register() const {
  if constexpr (arch::kReturnsByRegister) {
    // The signal frame, its second pair of slots, the frame.
    if (fresh_count_ < 3 || fresh_[fresh_count_ - 2].frame.pc != 0) return 0;
    const uint64_t sp = fresh_[fresh_count_ - 3].frame.sp;
    const bool signal =
        fresh_slots_[fresh_count_ - 3].pc_slot == slot_at(sp + arch::kSignalPcOffset) &&
        fresh_slots_[fresh_count_ - 2].pc_slot == slot_at(sp + arch::kSignalSpOffset);
    return signal ? sp + arch::kSignalLrOffset : 0;
  } else {
    return 0;
  }
}

Spine::StepResult Spine::step_rarely(RuleTable& rules, base::LazilyBlockedSignals& blocked,
                                     FrameRule rule, Frame* next) {
  Link& link = fresh_[fresh_count_ - 1];
  Slots& slots = fresh_slots_[fresh_count_ - 1];
  const Frame frame = link.frame;
  uint64_t pc_at;
  uint64_t bp_at;
  uint64_t sp_at = 0;        // where the stack pointer itself was read
  uint64_t function_at = 0;  // where the function is read that an interpreter runs
  uint64_t position_at = 0;  // and how far in it
  slots.bp_slot = nullptr;
  link.steps_by_bp = rule.kind() == RuleKind::kBp || rule.kind() == RuleKind::kBpIndirect ||
                     rule.kind() == RuleKind::kFramePointer ||
                     rule.kind() == RuleKind::kInterpreted;
  switch (rule.kind()) {
    case RuleKind::kSp:
    case RuleKind::kBp: {
      // Just derived: the table has it now.
      const uint64_t base = rule.kind() == RuleKind::kSp ? frame.sp : frame.bp;
      next->sp = base + static_cast<uint64_t>(rule.cfa_offset());
      pc_at = next->sp + static_cast<uint64_t>(rule.pc_slot());
      bp_at = rule.bp_slot() == 0 ? 0 : next->sp + static_cast<uint64_t>(rule.bp_slot());
      break;
    }
    case RuleKind::kBpIndirect:
      sp_at = frame.bp + static_cast<uint64_t>(rule.indirect_slot());
      if (!regions_.readable(sp_at)) return StepResult::kBroken;
      next->sp = load(sp_at) + static_cast<uint64_t>(rule.cfa_offset());
      pc_at = next->sp - 8;  // only where calls leave it there
      bp_at = frame.bp + static_cast<uint64_t>(rule.bp_slot()) - 8;
      break;
    case RuleKind::kSignal:
      sp_at = frame.sp + arch::kSignalSpOffset;
      if (!regions_.readable(sp_at)) return StepResult::kBroken;
      next->sp = load(sp_at);
      pc_at = frame.sp + arch::kSignalPcOffset;
      bp_at = frame.sp + arch::kSignalFpOffset;
      break;
    case RuleKind::kInterpreted:
      function_at = static_cast<uint64_t>(interpreter.slot());
      if (function_at != 0) {
        function_at = frame.bp - function_at;
        position_at = static_cast<uint64_t>(interpreter.position_slot());
        if (position_at != 0) position_at = frame.bp - position_at;
      }
      [[fallthrough]];
    case RuleKind::kFramePointer:
      if (frame.bp == 0) {
        slots.pc_slot = nullptr;
        return StepResult::kOutermost;
      }
      // (Also where it lies further in.)
      if (frame.bp - frame.sp > kMaximumGuessedFrame) return StepResult::kBroken;
      next->sp = frame.bp + arch::kRecordSize;
      pc_at = frame.bp + arch::kRecordPc;
      bp_at = frame.bp + arch::kRecordFp;
      break;
    case RuleKind::kLinkRegister:
      next->sp = frame.sp + static_cast<uint64_t>(rule.cfa_offset());
      pc_at = saved_link_register();
      if (pc_at == 0) return StepResult::kBroken;
      link.after_signal = true;
      bp_at = rule.bp_slot() == 0 ? 0 : next->sp + static_cast<uint64_t>(rule.bp_slot());
      break;
    case RuleKind::kOutermost:
      slots.pc_slot = nullptr;
      return StepResult::kOutermost;
    case RuleKind::kSlow:
      return StepResult::kSlow;
    default:
      return StepResult::kBroken;
  }
  const bool signal = rule.kind() == RuleKind::kSignal;  // may lead to any other stack
  // (A function that has not touched the stack yet has its caller's stack pointer.)
  if (!signal && next->sp + link.after_signal <= frame.sp) return StepResult::kBroken;
  if (!regions_.readable(pc_at) || (bp_at != 0 && !regions_.readable(bp_at))) {
    return StepResult::kBroken;
  }
  slots.pc_slot = slot_at(pc_at);
  slots.pc_value = load(pc_at);
  next->bp = frame.bp;
  if (bp_at != 0) {
    slots.bp_slot = slot_at(bp_at);
    slots.bp_value = load(bp_at);
    next->bp = slots.bp_value;
  }
  next->pc = arch::plain_address(slots.pc_value);
  if (next->pc == 0) return StepResult::kOutermost;
  if (signal) ++next->pc;
  uint64_t function_pc = 0;
  Slots second{slot_at(sp_at), 0, nullptr, 0};
  const auto is_in_frame = [&](uint64_t at) {
    return at >= frame.sp && at < frame.bp && regions_.readable(at);
  };
  if (function_at != 0 && is_in_frame(function_at)) {
    sp_at = function_at;
    second.pc_slot = slot_at(function_at);
    if (position_at != 0 && is_in_frame(position_at)) {
      second.bp_slot = slot_at(position_at);
      second.bp_value = load(position_at);
      fresh_has_pairs_ = true;
    }
    function_pc = interpreter.function_pc(load(function_at), second.bp_value);
  }
  if (sp_at != 0) {
    second.pc_value = load(sp_at);
    fresh_[fresh_count_] = Link{Frame{0, 0, function_pc}, nullptr, 0, false, false, false};
    fresh_slots_[fresh_count_++] = second;
  }
  if constexpr (arch::kReturnsByRegister) {
    if (rule.kind() == RuleKind::kFramePointer || rule.kind() == RuleKind::kInterpreted) {
      next->sp =
          stack_pointer_by_record(rules.find_or_derive(next->pc, blocked), next->bp, next->sp);
    }
  }
  return StepResult::kStepped;
}

}  // namespace silt::unwind
