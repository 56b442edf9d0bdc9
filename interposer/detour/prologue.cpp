// SPDX-License-Identifier: Apache-2.0
//
// See prologue.h. Encodings are of the Intel 64 manual, volume 2. Normal context.

#include "interposer/detour/prologue.h"

namespace silt::detour {
namespace {

bool fits(int64_t value) { return value == static_cast<int32_t>(value); }

// What is written at successive addresses.
class Copy {
 public:
  Copy(uint8_t* bytes, uint64_t address) : bytes_(bytes), address_(address) {}

  void add(const uint8_t* bytes, size_t size) {
    __builtin_memcpy(bytes_ + size_, bytes, size);
    size_ += size;
  }
  void add(uint8_t byte) { bytes_[size_++] = byte; }
  void add_word(uint32_t word) {
    __builtin_memcpy(bytes_ + size_, &word, sizeof(word));
    size_ += sizeof(word);
  }
  // Four bytes that lead to `target` from their end.
  bool add_way_to(uint64_t target) {
    const auto distance = static_cast<int64_t>(target - (address_ + size_ + sizeof(int32_t)));
    add_word(static_cast<uint32_t>(distance));
    return fits(distance);
  }
  bool add_jump(uint64_t target) {
    add(0xe9);
    return add_way_to(target);
  }
  // As it is, but for a displacement, which leads to where it did.
  bool add_moved(const uint8_t* bytes, uint64_t from, const Instruction& instruction) {
    const uint8_t at = instruction.displacement_at;
    const uint64_t end_here = address_ + size_ + instruction.length;
    uint8_t* const start = bytes_ + size_;
    add(bytes, instruction.length);
    if (at == 0) return true;
    int32_t old;
    __builtin_memcpy(&old, bytes + at, sizeof(old));
    const auto moved = static_cast<int64_t>(from + instruction.length - end_here) + old;
    const auto corrected = static_cast<int32_t>(moved);
    __builtin_memcpy(start + at, &corrected, sizeof(corrected));
    return fits(moved);
  }

  size_t size() const { return size_; }

 private:
  uint8_t* bytes_;
  uint64_t address_;
  size_t size_ = 0;
};

// push low half, sign-extended; mov dword [rsp + 4], high half; jmp. Registers and flags stay.
bool add_call(Copy& copy, uint64_t target, uint64_t returns_to) {
  copy.add(0x68);
  copy.add_word(static_cast<uint32_t>(returns_to));
  constexpr uint8_t kStoreHigh[] = {0xc7, 0x44, 0x24, 0x04};
  copy.add(kStoreHigh, sizeof(kStoreHigh));
  copy.add_word(static_cast<uint32_t>(returns_to >> 32));
  return copy.add_jump(target);
}

bool add(Copy& copy, const Code& code, size_t at, const Instruction& here) {
  switch (here.way) {
    case Way::kBranch:
      copy.add(0x0f);
      copy.add(static_cast<uint8_t>(0x80 | here.condition));
      return copy.add_way_to(here.target);
    case Way::kJump:
      return copy.add_jump(here.target);
    case Way::kCall:
      return add_call(copy, here.target, code.address + at + here.length);
    case Way::kNext:
    case Way::kLeave:
      break;
  }
  return copy.add_moved(code.bytes + at, code.address + at, here);
}

}  // namespace

Prologue move_prologue(const Decoder& decoder, const Code& code, uint64_t at, uint8_t* bytes) {
  Prologue result;
  const auto stop = [&result](Trouble trouble) {
    result.trouble = trouble;
    return result;
  };
  Copy copy(bytes, at);
  bool over = false;  // control does not come to the next instruction
  size_t offset = 0;
  while (offset < result.jump_at + kJumpSize) {
    const size_t readable = over ? code.room : code.size;
    if (offset >= readable) return stop(Trouble::kTooShort);
    Instruction here;
    if (!decoder.decode(code.bytes + offset, readable - offset, code.address + offset, &here)) {
      return stop(over ? Trouble::kTooShort : Trouble::kUnknownCode);
    }
    if (offset == 0 && here.landing) {
      offset = result.jump_at = here.length;
      continue;
    }
    if (over) {
      if (!here.padding) return stop(Trouble::kTooShort);
    } else {
      if (!here.movable) return stop(Trouble::kUnknownCode);
      const size_t next = offset + here.length;
      // What is called comes back behind the jump, or else into the middle of it.
      if (here.way == Way::kCall && next < result.jump_at + kJumpSize) {
        return stop(Trouble::kJumpedInto);
      }
      if (!add(copy, code, offset, here)) return stop(Trouble::kTooFar);
      over = here.way == Way::kJump || here.way == Way::kCall || here.way == Way::kLeave;
    }
    offset += here.length;
  }
  result.end = offset;
  if (!over && !copy.add_jump(code.address + offset)) return stop(Trouble::kTooFar);
  result.written = copy.size();
  return result;
}

bool write_jump(uint8_t* bytes, uint64_t from, uint64_t to) {
  return Copy(bytes, from).add_jump(to);
}

}  // namespace silt::detour
