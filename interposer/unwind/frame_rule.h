// SPDX-License-Identifier: Apache-2.0
//
// A frame rule: how to step from a frame to its caller, a constant of the frame's pc. CFA is the
// canonical frame address, the caller's stack pointer. Packed into 64 bits so that a rule is read
// and written whole:
//
//    63            32 31    24 23      8 7     0
//   +----------------+--------+---------+-------+
//   |  cfa offset    | slot/8 | bp/8    | kind  |
//   +----------------+--------+---------+-------+
//
// Where a function saves its return address where it likes, the rule says that too, and the CFA's
// offset makes room for it:
//
//    63     40 39      24 23      8 7     0
//   +---------+----------+---------+-------+
//   |  cfa/8  |  slot/8  | bp/8    | kind  |
//   +---------+----------+---------+-------+
//
// `bp/8` is where the caller's frame pointer was saved, 0 when it is still in its register;
// relative to the CFA, except for kBpIndirect, where it is relative to bp and stored plus one.
// `slot/8` is that of kBpIndirect; in the second form, of kSp and kBp, where the return address is,
// relative to the CFA and stored plus one, so that 0 is the word below it. Any context.

#ifndef SILT_INTERPOSER_UNWIND_FRAME_RULE_H_
#define SILT_INTERPOSER_UNWIND_FRAME_RULE_H_

#include <cstdint>

#include "interposer/base/arch.h"
#include "interposer/base/attributes.h"

namespace silt::unwind {

enum class RuleKind : uint8_t {
  kUnknown = 0,   // not derived yet
  kSp,            // CFA = sp + offset
  kBp,            // CFA = bp + offset
  kBpIndirect,    // CFA = *(bp + slot) + offset: a stack-realigned frame
  kSignal,        // a signal frame: pc, sp and bp come from the saved context
  kFramePointer,  // no unwind information: bp points at a frame record; with checks
  kOutermost,     // the return address is undefined: the walk is complete
  kSlow,          // only libunwind can step from here (other registers are involved)
  kInterpreted,   // as kFramePointer, and a word in the frame tells the function: interpreter.h
  kLinkRegister,  // CFA = sp + offset, and the return address is still in its register: only right
                  // behind a signal frame, which has saved that
};

class FrameRule {
 public:
  constexpr FrameRule() = default;
  constexpr explicit FrameRule(uint64_t bits) : bits_(bits) {}
  constexpr FrameRule(RuleKind kind, int32_t cfa_offset, int bp_slot, int indirect_slot)
      : bits_(static_cast<uint64_t>(kind) |
              static_cast<uint64_t>(static_cast<uint16_t>(bp_slot / 8)) << 8 |
              (static_cast<uint64_t>(indirect_slot / 8) & ((uint64_t{1} << kSlotBits) - 1)) << 24 |
              static_cast<uint64_t>(cfa_offset / kOffsetUnit) << (24 + kSlotBits)) {}
  constexpr explicit FrameRule(RuleKind kind) : bits_(static_cast<uint64_t>(kind)) {}

  constexpr RuleKind kind() const { return static_cast<RuleKind>(bits_ & 0xff); }
  constexpr int64_t cfa_offset() const {
    return (static_cast<int64_t>(bits_) >> (24 + kSlotBits)) * kOffsetUnit;
  }
  // Bytes; 0: unchanged.
  constexpr int64_t bp_slot() const {
    return static_cast<int64_t>(static_cast<int16_t>(bits_ >> 8)) * 8;
  }
  constexpr int64_t indirect_slot() const {
    return (static_cast<int64_t>(bits_ << (40 - kSlotBits)) >> (64 - kSlotBits)) * 8;
  }
  // Of kSp and kBp: where the return address is, relative to the CFA.
  constexpr int64_t pc_slot() const {
    if constexpr (arch::kReturnsByRegister) {
      return indirect_slot() - 8;
    } else {
      return -8;
    }
  }
  constexpr uint64_t bits() const { return bits_; }

  static constexpr bool fits_bp_slot(int64_t bytes) {
    return bytes % 8 == 0 && bytes / 8 >= INT16_MIN && bytes / 8 <= INT16_MAX;
  }
  static constexpr bool fits_indirect_slot(int64_t bytes) {
    constexpr int64_t kLimit = int64_t{1} << (kSlotBits - 1);
    return bytes % 8 == 0 && bytes / 8 >= -kLimit && bytes / 8 < kLimit;
  }
  static constexpr bool fits_cfa_offset(int64_t bytes) {
    constexpr int64_t kLimit = int64_t{1} << (39 - kSlotBits);
    return bytes % kOffsetUnit == 0 && bytes / kOffsetUnit >= -kLimit &&
           bytes / kOffsetUnit < kLimit;
  }

 private:
  static constexpr int kSlotBits = arch::kReturnsByRegister ? 16 : 8;
  static constexpr int64_t kOffsetUnit = arch::kReturnsByRegister ? 8 : 1;

  uint64_t bits_ = 0;
};
static_assert(FrameRule(RuleKind::kSp, 48, -16, 0).bp_slot() == -16);
static_assert(FrameRule(RuleKind::kBpIndirect, -8, 8, -8).indirect_slot() == -8);
static_assert(FrameRule(RuleKind::kSp, 1 << 25, 0, 0).cfa_offset() == 1 << 25);
static_assert(FrameRule(RuleKind::kBp, -16, 8, 0).cfa_offset() == -16);

// The stack pointer of a frame whose frame pointer leads to its record, where records lie anywhere
// in their frames: by its rule, which says how far from the record the stack pointer is. It is
// `at_least` so much where the rule does not need it, and where it is not known that with a bit
// that no stack pointer has: what is read by it is then read at no multiple of eight, which no walk
// does.
inline uint64_t stack_pointer_by_record(FrameRule rule, uint64_t record, uint64_t at_least) {
  if (rule.kind() != RuleKind::kSp) return at_least;
  constexpr int64_t kRecordDistance = arch::kRecordPc - arch::kRecordFp;
  if (rule.bp_slot() == 0 || rule.pc_slot() - rule.bp_slot() != kRecordDistance)
    return at_least | 1;
  const uint64_t sp = record - static_cast<uint64_t>(rule.bp_slot() + rule.cfa_offset());
  return sp < at_least ? at_least | 1 : sp;
}

// A position in a stack. `pc` is a return address; the code that is running stands just before it.
// (A frame interrupted by a signal has its exact pc plus one, so that the same holds.)
struct Frame {
  uint64_t pc;
  uint64_t sp;  // as the frame's function sees it after the call returned
  uint64_t bp;
};

// The frame of the caller, as it is after the return.
SILT_ALWAYS_INLINE Frame caller_of(const arch::CallFrame& call) {
  return Frame{call.pc(), call.sp(), call.fp()};
}

}  // namespace silt::unwind

#endif  // SILT_INTERPOSER_UNWIND_FRAME_RULE_H_
