// SPDX-License-Identifier: Apache-2.0
//
// See thread_frames.h.

#include "interposer/owners/thread_frames.h"

#include "interposer/base/arch.h"
#include "interposer/unwind/derive.h"
#include "interposer/unwind/object.h"
#include "interposer/unwind/unwinder.h"

namespace silt::owners {
namespace {

using unwind::Frame;
using unwind::FrameRule;
using unwind::RuleKind;

constexpr uint64_t kWord = sizeof(uint64_t);

// So far a frame record is looked for: further than the variables of most functions reach.
constexpr uint64_t kFarthestRecord = 16 * 1024;

class Stack {
 public:
  explicit Stack(uint64_t end) : end_(end) {}

  // The word at an address between `above` and the end; 0 for all others.
  uint64_t word(uint64_t address, uint64_t above) const {
    if (address < above || address % kWord != 0 || address + kWord > end_) return 0;
    return *reinterpret_cast<const uint64_t*>(address);
  }

  // A saved frame pointer and a return address, and so on outward to the next or to the outermost.
  bool is_record(uint64_t at, uint64_t above) const {
    unwind::Object object;
    const uint64_t pc = arch::plain_address(word(at + arch::kRecordPc, above));
    if (pc == 0 || !unwind::find_object(pc - 1, &object)) return false;
    const uint64_t next = word(at + arch::kRecordFp, above);
    if (next == 0) return true;
    const uint64_t next_pc =
        next <= at ? 0 : arch::plain_address(word(next + arch::kRecordPc, above));
    return next_pc != 0 && unwind::find_object(next_pc - 1, &object);
  }

  uint64_t find_record(uint64_t from) const {
    for (uint64_t at = (from + kWord - 1) & ~(kWord - 1);
         at + arch::kRecordSize <= end_ && at - from < kFarthestRecord; at += kWord) {
      if (is_record(at, from)) return at;
    }
    return 0;
  }

  bool step_by_record(Frame& frame) const {
    if (frame.bp == 0) frame.bp = find_record(frame.sp);
    if (frame.bp == 0) return false;
    const uint64_t pc = arch::plain_address(word(frame.bp + arch::kRecordPc, frame.sp));
    if (pc == 0) return false;
    const uint64_t above = frame.bp + arch::kRecordSize;
    frame = Frame{pc, above, word(frame.bp + arch::kRecordFp, frame.sp)};
    if constexpr (arch::kReturnsByRegister) {
      frame.sp = unwind::stack_pointer_by_record(unwind::derive_rule(pc), frame.bp, above);
    }
    return true;
  }

  // False at the outermost frame, and where the walk does not go on.
  bool step(Frame& frame, bool* outermost) const {
    const FrameRule rule = unwind::derive_rule(frame.pc);
    *outermost = rule.kind() == RuleKind::kOutermost;
    uint64_t cfa = 0;
    switch (rule.kind()) {
      case RuleKind::kSp:
        cfa = frame.sp + static_cast<uint64_t>(rule.cfa_offset());
        break;
      case RuleKind::kBp:
        if (frame.bp == 0) frame.bp = find_record(frame.sp);
        if (frame.bp == 0) return false;
        cfa = frame.bp + static_cast<uint64_t>(rule.cfa_offset());
        break;
      case RuleKind::kLinkRegister:  // which the kernel does not tell: the caller is left out
      case RuleKind::kFramePointer:
        return step_by_record(frame);
      default:
        return false;
    }
    const uint64_t pc =
        arch::plain_address(word(cfa + static_cast<uint64_t>(rule.pc_slot()), frame.sp));
    if (pc == 0) return false;
    if (rule.bp_slot() != 0) {
      frame.bp = word(cfa + static_cast<uint64_t>(rule.bp_slot()), frame.sp);
    }
    frame.pc = pc;
    frame.sp = cfa;
    return true;
  }

 private:
  const uint64_t end_;
};

}  // namespace

void ThreadFrames::walk(const Frame& innermost, uint64_t end) {
  count_ = 0;
  // Held by a thread that the copy does not have: what libunwind knows may be half written.
  if (!unwind::derive_lock.try_lock()) return;
  bool outermost = false;
  unwind::derive_stack.run([&] {
    const Stack stack(end);
    Frame frame = innermost;
    do {
      places_[count_++] = Place{frame.sp, frame.pc};
    } while (count_ < kMost && stack.step(frame, &outermost));
  });
  unwind::derive_lock.unlock();
  // Where the walk did not come to the end, nobody knows how far the last function's frame goes.
  end_ = outermost ? end : places_[count_ - 1].begin;
}

uint64_t ThreadFrames::pc_of(uint64_t address) const {
  if (count_ == 0 || address >= end_) return 0;
  size_t i = count_;
  while (i > 1 && places_[i - 1].begin > address) --i;
  return places_[i - 1].pc;
}

}  // namespace silt::owners
