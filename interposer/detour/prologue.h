// SPDX-License-Identifier: Apache-2.0
//
// The first instructions of a function, moved elsewhere, so that a jump finds room in their place.
// All of them are understood, or nothing is done: pure, over bytes and addresses. Normal context.
//
//   function:    jmp hook ──────┐ (5 bytes)          copy:  first instructions, corrected
//                rest of one    │                           jmp rest ──▶ function + moved
//                instruction    ▼
//                rest …       hook calls the copy
//
// No return address ever points into a copy: a call that has to move pushes the address at which it
// would have returned, and jumps. So whoever unwinds a stack, exceptions too, finds only places of
// the function itself, and its own unwind information.

#ifndef SILT_INTERPOSER_DETOUR_PROLOGUE_H_
#define SILT_INTERPOSER_DETOUR_PROLOGUE_H_

#include <cstddef>
#include <cstdint>

#include "interposer/detour/decoder.h"

namespace silt::detour {

enum class Trouble : uint8_t {
  kNone,
  kUnknownCode,  // bytes that are no instruction, or one that cannot be moved
  kTooShort,     // it ends, and something else begins, before the jump does
  kJumpedInto,   // code jumps to where the jump would stand
  kTooFar,       // what an instruction is relative to cannot be reached from the copy
};

// A function as it lies in memory.
struct Code {
  const uint8_t* bytes;
  uint64_t address;
  size_t size;  // of the function
  size_t room;  // bytes that can be read, padding behind it included
};

struct Prologue {
  Trouble trouble = Trouble::kNone;
  size_t jump_at = 0;  // bytes from the function's start: behind its endbr64, which stays
  size_t end = 0;      // bytes from the function's start to the first instruction that stays
  size_t written = 0;  // bytes of the copy
};

inline constexpr size_t kJumpSize = 5;
// No copy is longer: four instructions of one byte and one of fifteen at the most, of which direct
// branches grow to 18 bytes at the most, and a jump.
inline constexpr size_t kLongestCopy = 4 * 18 + 18 + kJumpSize;

// Writes the copy, as it is to stand at address `at`, into `copy` (kLongestCopy bytes).
Prologue move_prologue(const Decoder& decoder, const Code& code, uint64_t at, uint8_t* copy);

// Whether there is an instruction of `code`, read from its start to its end, that goes to a place,
// with bad(address, instruction) true of it. Bytes that are none are passed over one by one.
template <typename Bad>
bool any_jump(const Decoder& decoder, const Code& code, Bad&& bad) {
  for (size_t at = 0; at < code.size;) {
    Instruction here;
    if (!decoder.decode(code.bytes + at, code.size - at, code.address + at, &here)) {
      ++at;
      continue;
    }
    if (here.target != 0 && bad(code.address + at, here)) return true;
    at += here.length;
  }
  return false;
}

// A jump of five bytes at `from`; false when `to` is out of its reach.
bool write_jump(uint8_t* bytes, uint64_t from, uint64_t to);

}  // namespace silt::detour

#endif  // SILT_INTERPOSER_DETOUR_PROLOGUE_H_
