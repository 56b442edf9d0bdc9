// SPDX-License-Identifier: Apache-2.0
//
// The instructions around a pc, for what is known by its code alone: where there is no unwind
// information, on processors on which a call leaves its return address in a register. Instructions
// have four bytes there. Hook context.

#ifndef SILT_INTERPOSER_UNWIND_NEARBY_CODE_H_
#define SILT_INTERPOSER_UNWIND_NEARBY_CODE_H_

#include <cstddef>
#include <cstdint>

#include "interposer/base/arch.h"
#include "interposer/unwind/stack_region.h"

namespace silt::unwind {

class NearbyCode {
 public:
  // As in a frame: code that is running stands just before `pc`. (An exact pc is given plus one.)
  explicit NearbyCode(uint64_t pc) : pc_(pc) {
    StackRegions regions{};
    const uint64_t begin = (pc & ~uint64_t{7}) - kBefore * sizeof(code_[0]);
    for (size_t i = 0; i < kCount; i += 2) {
      const uint64_t at = begin + i * sizeof(code_[0]);
      if (regions.readable(at)) __builtin_memcpy(&code_[i], reinterpret_cast<void*>(at), 8);
    }
    begin_ = begin;
  }

  // What a handler returns to begins at `pc`.
  bool is_signal_return() const {
    if constexpr (arch::kReturnsByRegister) {
      if (pc_ % sizeof(code_[0]) != 0) return false;
      uint64_t code;
      __builtin_memcpy(&code, &code_[(pc_ - begin_) / sizeof(code_[0])], sizeof(code));
      return code == arch::kSignalReturnCode;
    }
    return false;
  }

  // It is running an entry of a procedure linkage table.
  bool is_linkage_entry() const {
    if constexpr (arch::kReturnsByRegister) {
      const size_t running = (pc_ - 1 - begin_) / sizeof(code_[0]);
      for (size_t first = running < kLongestEntry ? 0 : running - kLongestEntry + 1;
           first <= running; ++first) {
        const size_t left = kCount - first;
        const size_t size =
            arch::linkage_entry_size(&code_[first], left < kLongestEntry ? left : kLongestEntry);
        if (first + size > running) return true;
      }
    }
    return false;
  }

 private:
  static constexpr size_t kLongestEntry = 6;  // instructions
  static constexpr size_t kBefore = 8;
  static constexpr size_t kCount = 16;

  const uint64_t pc_;
  uint64_t begin_ = 0;
  uint32_t code_[kCount] = {};
};

}  // namespace silt::unwind

#endif  // SILT_INTERPOSER_UNWIND_NEARBY_CODE_H_
