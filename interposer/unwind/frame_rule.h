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
// `bp/8` is where the caller's frame pointer was saved, 0 when it is still in its register;
// relative to the CFA, except for kBpIndirect, where it is relative to bp and stored plus one.
// Any context.

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
};

class FrameRule {
 public:
  constexpr FrameRule() = default;
  constexpr explicit FrameRule(uint64_t bits) : bits_(bits) {}
  constexpr FrameRule(RuleKind kind, int32_t cfa_offset, int bp_slot, int indirect_slot)
      : bits_(static_cast<uint64_t>(kind) |
              static_cast<uint64_t>(static_cast<uint16_t>(bp_slot / 8)) << 8 |
              static_cast<uint64_t>(static_cast<uint8_t>(indirect_slot / 8)) << 24 |
              static_cast<uint64_t>(static_cast<uint32_t>(cfa_offset)) << 32) {}
  constexpr explicit FrameRule(RuleKind kind) : bits_(static_cast<uint64_t>(kind)) {}

  constexpr RuleKind kind() const { return static_cast<RuleKind>(bits_ & 0xff); }
  constexpr int64_t cfa_offset() const { return static_cast<int64_t>(bits_) >> 32; }
  // Bytes; 0: unchanged.
  constexpr int64_t bp_slot() const {
    return static_cast<int64_t>(static_cast<int16_t>(bits_ >> 8)) * 8;
  }
  constexpr int64_t indirect_slot() const {
    return static_cast<int64_t>(static_cast<int8_t>(bits_ >> 24)) * 8;
  }
  constexpr uint64_t bits() const { return bits_; }

  static constexpr bool fits_bp_slot(int64_t bytes) {
    return bytes % 8 == 0 && bytes / 8 >= INT16_MIN && bytes / 8 <= INT16_MAX;
  }
  static constexpr bool fits_indirect_slot(int64_t bytes) {
    return bytes % 8 == 0 && bytes / 8 >= INT8_MIN && bytes / 8 <= INT8_MAX;
  }

 private:
  uint64_t bits_ = 0;
};
static_assert(FrameRule(RuleKind::kSp, 48, -16, 0).bp_slot() == -16);
static_assert(FrameRule(RuleKind::kBpIndirect, -8, 8, -8).indirect_slot() == -8);
static_assert(FrameRule(RuleKind::kSp, 1 << 30, 0, 0).cfa_offset() == 1 << 30);

// A position in a stack. `pc` is a return address; the code that is running stands just before it.
// (A frame interrupted by a signal has its exact pc plus one, so that the same holds.)
struct Frame {
  uint64_t pc;
  uint64_t sp;  // as the frame's function sees it after the call returned
  uint64_t bp;
};

// The frame of the caller of the function whose frame record is given, as it is after the return.
SILT_ALWAYS_INLINE Frame caller_of_record(const void* record) {
  const auto at = reinterpret_cast<uint64_t>(record);
  const auto word = [at](uint64_t offset) {
    return *reinterpret_cast<const uint64_t*>(at + offset);
  };
  return Frame{word(arch::kRecordPc), at + arch::kRecordSize, word(arch::kRecordFp)};
}

}  // namespace silt::unwind

#endif  // SILT_INTERPOSER_UNWIND_FRAME_RULE_H_
