// SPDX-License-Identifier: Apache-2.0
//
// See cold_part.h.

#include "interposer/runtime/cold_part.h"

#include "interposer/base/arch.h"
#include "interposer/track/recorder.h"
#include "interposer/unwind/object.h"

namespace silt::runtime {
namespace {

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
  CodeRange part_of(uint64_t address) const {
    uint32_t low = 0;
    uint32_t high = count_;
    while (low < high) {
      const uint32_t middle = low + (high - low) / 2;
      if (begin_of(middle) <= address)
        low = middle + 1;
      else
        high = middle;
    }
    if (low == 0 || low >= count_) return CodeRange{};
    return CodeRange{begin_of(low - 1), begin_of(low)};
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

bool begins_in_frame(uint64_t code, int64_t frame_bytes) {
  const unwind::FrameRule rule = track::recorder.rules.find_or_derive(code + 1);
  return rule.kind() == unwind::RuleKind::kSp && rule.cfa_offset() == frame_bytes;
}

}  // namespace

CodeRange find_cold_part(const base::Symbol& function, int64_t frame_bytes) {
  unwind::Object object;
  if (!unwind::find_object(function.address, &object)) return CodeRange{};
  const UnwindIndex index(object.eh_frame_header);
  const auto* const bytes = reinterpret_cast<const uint8_t*>(function.address);
  CodeRange refused;
  for (uint64_t i = 0; i + arch::kFarJumpSize <= function.size; ++i) {
    const uint64_t target = arch::far_jump_target(bytes + i);
    if (target - function.address < function.size || target < object.start ||
        target >= object.end) {
      continue;
    }
    if (target >= refused.begin && target < refused.end) continue;
    const CodeRange part = index.part_of(target);
    if (part.begin != 0 && begins_in_frame(part.begin, frame_bytes)) return part;
    refused = part;
  }
  return CodeRange{};
}

}  // namespace silt::runtime
