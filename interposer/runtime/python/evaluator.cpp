// SPDX-License-Identifier: Apache-2.0
//
// See evaluator.h. Compilers put code that is rarely run, here the handling of errors, into a part
// of its own that has no symbol in a stripped program. It is found by three signs together: the
// function jumps there; the part has unwind information of its own; and by that, its very first
// instruction stands in a frame as large as the function's, where any other function begins with
// none.

#include "interposer/runtime/python/evaluator.h"

#include "interposer/hook/guard.h"
#include "interposer/runtime/python/frames.h"
#include "interposer/runtime/python/interpreter.h"
#include "interposer/track/recorder.h"
#include "interposer/unwind/object.h"

namespace silt::python {
namespace {

using track::recorder;

struct Range {
  uint64_t begin = 0;
  uint64_t end = 0;
};

// .eh_frame_hdr with the usual encodings: a table of (begin of code, its unwind information), both
// relative to the header, ascending.
class UnwindIndex {
 public:
  explicit UnwindIndex(const void* header) : header_(static_cast<const uint8_t*>(header)) {
    constexpr uint8_t kUsual[4] = {1, 0x1b, 0x03, 0x3b};
    if (header_ != nullptr && __builtin_memcmp(header_, kUsual, sizeof(kUsual)) == 0) {
      count_ = word(8);
    }
  }

  // The code that has one piece of unwind information with the address; empty when there is none.
  Range part_of(uint64_t address) const {
    uint32_t low = 0;
    uint32_t high = count_;
    while (low < high) {
      const uint32_t middle = low + (high - low) / 2;
      if (begin_of(middle) <= address)
        low = middle + 1;
      else
        high = middle;
    }
    if (low == 0 || low >= count_) return Range{};
    return Range{begin_of(low - 1), begin_of(low)};
  }

 private:
  uint32_t word(size_t offset) const {
    uint32_t value;
    __builtin_memcpy(&value, header_ + offset, sizeof(value));
    return value;
  }
  uint64_t begin_of(uint32_t index) const {
    const auto relative = static_cast<int32_t>(word(12 + size_t{index} * 8));
    return reinterpret_cast<uint64_t>(header_) + static_cast<uint64_t>(int64_t{relative});
  }

  const uint8_t* header_;
  uint32_t count_ = 0;
};

bool begins_in_frame(uint64_t code, int64_t cfa_offset) {
  const unwind::FrameRule rule = recorder.rules.find_or_derive(code + 1);
  return rule.kind() == unwind::RuleKind::kSp && rule.cfa_offset() == cfa_offset;
}

// Where the jumps over far distances lead.
Range find_cold_part(const base::Symbol& code, const unwind::Object& object, int64_t cfa_offset) {
  const UnwindIndex index(object.eh_frame_header);
  const auto* const bytes = reinterpret_cast<const uint8_t*>(code.address);
  Range refused;
  for (uint64_t i = 0; i + arch::kFarJumpSize <= code.size; ++i) {
    const uint64_t target = arch::far_jump_target(bytes + i);
    if (target - code.address < code.size || target < object.start || target >= object.end) {
      continue;
    }
    if (target >= refused.begin && target < refused.end) continue;
    const Range part = index.part_of(target);
    if (part.begin != 0 && begins_in_frame(part.begin, cfa_offset)) return part;
    refused = part;
  }
  return Range{};
}

}  // namespace

bool find_evaluator(uint64_t anchor, const arch::CallFrame& hook_frame) {
  track::ThreadLocal& local = track::thread_local_part;
  const track::Mode mode = hook::enter(local, hook_frame);
  if (mode == track::Mode::kOff) return false;
  unwind::Spine& spine = local.state->spine;
  spine.forget();
  spine.update(recorder.rules, hook::caller_of(hook_frame));
  track::Evaluator& evaluator = recorder.evaluator;
  const base::Symbol code = interpreter.evaluator;
  int64_t cfa_offset = 0;
  for (uint32_t i = spine.count(); i-- > 1;) {
    const unwind::Frame& frame = spine.frame(i);
    const unwind::Frame& caller = spine.frame(i - 1);
    if (frame.pc - 1 - code.address >= code.size || caller.pc == 0) continue;
    if (anchor < frame.sp || anchor >= caller.sp) continue;
    evaluator.anchor_below_cfa = caller.sp - anchor;
    cfa_offset = static_cast<int64_t>(caller.sp - frame.sp);
    break;
  }
  spine.forget();
  unwind::Object object;
  if (cfa_offset != 0 && unwind::find_object(code.address, &object)) {
    const Range cold = find_cold_part(code, object, cfa_offset);
    evaluator.cold_begin = cold.begin;
    evaluator.cold_size = cold.end - cold.begin;
  }
  hook::leave(local, mode);
  if (cfa_offset == 0) return false;
  evaluator.begin = code.address;
  evaluator.size = code.size;
  // What comes before the anchor is filled in takes some hundred bytes of code in the builds seen.
  evaluator.anchored_from = 256;
  evaluator.find = find_frames;
  return true;
}

}  // namespace silt::python
