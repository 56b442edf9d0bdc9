// SPDX-License-Identifier: Apache-2.0
//
// Where unwind information says that from here on the return address is signed, or not any more
// (DW_CFA_AARCH64_negate_ra_state, 0x2d: DWARF for the Arm 64-bit Architecture). libunwind up to
// 1.7 gives up there, on every function of a system that is built for pointer authentication. What
// a walk needs does not depend on it: the signature stands in bits that no address uses, and is
// stripped wherever a pc is read. So libunwind is shown an opcode in its place that does nothing.
// Under derive_lock; hook context.

#ifndef SILT_INTERPOSER_UNWIND_SIGNING_MARKS_H_
#define SILT_INTERPOSER_UNWIND_SIGNING_MARKS_H_

#include <cstddef>
#include <cstdint>

namespace silt::unwind {

class SigningMarks {
 public:
  // Of the description (FDE) at an address within the object [start, end), which can be read. Where
  // it is of a kind that is not understood, none is found from there on.
  void find(uint64_t description, uint64_t start, uint64_t end);

  // The word that was read at an address, without them.
  uint64_t without(uint64_t address, uint64_t word) const {
    for (size_t i = 0; i < count_; ++i) {
      const uint64_t byte = at_[i] - address;
      if (byte < sizeof(word)) word &= ~(uint64_t{0xff} << byte * 8);
    }
    return word;
  }

 private:
  static constexpr size_t kMost = 64;  // two, and two more for each return but the last

  void find_in_program(const uint8_t* at, const uint8_t* end, size_t address_bytes);

  size_t count_ = 0;
  uint64_t at_[kMost] = {};
};

extern constinit SigningMarks signing_marks;

}  // namespace silt::unwind

#endif  // SILT_INTERPOSER_UNWIND_SIGNING_MARKS_H_
