// SPDX-License-Identifier: Apache-2.0
//
// See signing_marks.h. The formats: DWARF 5, 6.4, and the Linux Standard Base's .eh_frame. Hook
// context.

#include "interposer/unwind/signing_marks.h"

namespace silt::unwind {

constinit SigningMarks signing_marks{};

namespace {

// Reads up to an end; past it everything is 0, and `good` is no more.
class Bytes {
 public:
  Bytes(const uint8_t* at, const uint8_t* end) : at_(at), end_(end) {}

  const uint8_t* at() const { return at_; }
  bool good() const { return good_; }
  bool more() const { return good_ && at_ < end_; }

  void skip(uint64_t size) {
    if (size > static_cast<uint64_t>(end_ - at_)) {
      good_ = false;
      at_ = end_;
    } else {
      at_ += size;
    }
  }
  template <typename T>
  T take() {
    const uint8_t* const from = at_;
    skip(sizeof(T));
    T value{};
    if (good_) __builtin_memcpy(&value, from, sizeof(value));
    return value;
  }
  uint64_t take_leb() {
    uint64_t value = 0;
    for (unsigned shift = 0; more(); shift += 7) {
      const auto byte = take<uint8_t>();
      if (shift < 64) value |= uint64_t{byte & 0x7fu} << shift;
      if ((byte & 0x80) == 0) return value;
    }
    good_ = false;
    return 0;
  }

 private:
  const uint8_t* at_;
  const uint8_t* end_;
  bool good_ = true;
};

// Bytes of an address in one of the encodings (DW_EH_PE_*); 0: not a fixed number.
size_t bytes_of(uint8_t encoding) {
  switch (encoding & 0x07) {
    case 0:  // absptr
    case 4:
      return 8;
    case 2:
      return 2;
    case 3:
      return 4;
    default:
      return 0;
  }
}

struct Common {
  bool has_data = false;  // descriptions have augmentation data
  size_t address_bytes = 8;
};

// The part that descriptions share (CIE).
bool read_common(Bytes bytes, Common* common) {
  const auto version = bytes.take<uint8_t>();
  char letters[8] = {};
  size_t count = 0;
  for (char letter; (letter = static_cast<char>(bytes.take<uint8_t>())) != '\0' && bytes.good();) {
    if (count == sizeof(letters)) return false;
    letters[count++] = letter;
  }
  if (version != 1 && version != 3) return false;
  bytes.take_leb();  // code and data alignment
  bytes.take_leb();
  if (version == 1) {
    bytes.skip(1);  // the return address's column
  } else {
    bytes.take_leb();
  }
  if (count == 0) return bytes.good();
  if (letters[0] != 'z') return false;
  common->has_data = true;
  bytes.take_leb();
  for (size_t i = 1; i < count; ++i) {
    switch (letters[i]) {
      case 'R':
        common->address_bytes = bytes_of(bytes.take<uint8_t>());
        break;
      case 'L':
        bytes.skip(1);
        break;
      case 'P':
        bytes.skip(bytes_of(bytes.take<uint8_t>()));
        break;
      case 'S':  // a signal's frame
      case 'B':  // signed with the second key
      case 'G':  // its memory is tagged
        break;
      default:
        return false;
    }
  }
  return bytes.good() && common->address_bytes != 0;
}

}  // namespace

void SigningMarks::find_in_program(const uint8_t* at, const uint8_t* end, size_t address_bytes) {
  constexpr uint8_t kNegate = 0x2d;
  // Of the opcodes 0 to 0x16: 'l' LEB128 numbers, 'b' a block behind its length, digits bytes that
  // follow, 'a' an address, '-' nothing.
  constexpr const char* kOperands[] = {"-",  "a",  "1",  "2", "4",  "ll", "l", "l",
                                       "l",  "ll", "-",  "-", "ll", "l",  "l", "b",
                                       "lb", "ll", "ll", "l", "ll", "ll", "lb"};
  Bytes bytes(at, end);
  while (bytes.more()) {
    const uint8_t* const opcode_at = bytes.at();
    const auto opcode = bytes.take<uint8_t>();
    if (opcode == kNegate) {
      if (count_ == kMost) return;
      at_[count_++] = reinterpret_cast<uint64_t>(opcode_at);
      continue;
    }
    const char* operands = "-";
    if ((opcode & 0xc0) != 0) {
      if ((opcode & 0xc0) == 0x80) operands = "l";
    } else if (opcode < sizeof(kOperands) / sizeof(kOperands[0])) {
      operands = kOperands[opcode];
    } else if (opcode == 0x2e) {  // DW_CFA_GNU_args_size
      operands = "l";
    } else {
      return;
    }
    for (; *operands != '\0'; ++operands) {
      if (*operands == 'l') bytes.take_leb();
      if (*operands == 'b') bytes.skip(bytes.take_leb());
      if (*operands == 'a') bytes.skip(address_bytes);
      if (*operands >= '1' && *operands <= '4') bytes.skip(static_cast<uint64_t>(*operands - '0'));
    }
  }
}

void SigningMarks::find(uint64_t description, uint64_t start, uint64_t end) {
  count_ = 0;
  // What begins with its size; larger than 4 GiB is none.
  const auto part = [start, end](uint64_t at, uint64_t* after) {
    const auto* const bytes = reinterpret_cast<const uint8_t*>(at);
    if (at < start || at >= end || end - at < sizeof(uint32_t)) return Bytes(bytes, bytes);
    uint32_t size;
    __builtin_memcpy(&size, bytes, sizeof(size));
    const uint64_t first = at + sizeof(size);
    if (size == UINT32_MAX || size > end - first) return Bytes(bytes, bytes);
    *after = first + size;
    return Bytes(bytes + sizeof(size), bytes + sizeof(size) + size);
  };
  uint64_t description_end = 0;
  Bytes bytes = part(description, &description_end);
  const auto pointer_at = reinterpret_cast<uint64_t>(bytes.at());
  const auto distance = bytes.take<uint32_t>();
  if (!bytes.good() || distance == 0) return;
  uint64_t unused = 0;
  Bytes shared = part(pointer_at - distance, &unused);
  Common common;
  if (shared.take<uint32_t>() != 0 || !shared.good() || !read_common(shared, &common)) return;
  bytes.skip(2 * common.address_bytes);
  if (common.has_data) bytes.skip(bytes.take_leb());
  if (!bytes.good()) return;
  find_in_program(bytes.at(), reinterpret_cast<const uint8_t*>(description_end),
                  common.address_bytes);
}

}  // namespace silt::unwind
