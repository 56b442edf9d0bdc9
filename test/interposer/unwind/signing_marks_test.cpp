// SPDX-License-Identifier: Apache-2.0
//
// Unwind information in which return addresses are signed, as assemblers write it: the marks are
// taken out, and nothing else.

#include "interposer/unwind/signing_marks.h"

#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace silt::unwind {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr uint8_t kNegate = 0x2d;

void put_word(Bytes& bytes, uint32_t word) {
  for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<uint8_t>(word >> 8 * i));
}

// A part with its size in front, filled up with DW_CFA_nop.
void put_part(Bytes& bytes, Bytes part) {
  while (part.size() % 8 != 4) part.push_back(0);
  put_word(bytes, static_cast<uint32_t>(part.size()));
  bytes.insert(bytes.end(), part.begin(), part.end());
}

struct Section {
  Bytes bytes;
  size_t description = 0;  // where the FDE begins
  size_t program = 0;      // and its program

  Section(const std::string& letters, const Bytes& augmentation, const Bytes& program_bytes) {
    Bytes common;
    put_word(common, 0);
    common.push_back(1);
    common.insert(common.end(), letters.begin(), letters.end());
    for (const uint8_t byte : {0, 4, 0x78, 30}) common.push_back(byte);  // factors 4 and -8, x30
    common.insert(common.end(), augmentation.begin(), augmentation.end());
    for (const uint8_t byte : {0x0c, 31, 0}) common.push_back(byte);  // DW_CFA_def_cfa: sp
    put_part(bytes, common);
    description = bytes.size();
    Bytes own;
    put_word(own, static_cast<uint32_t>(description + 4));
    put_word(own, kNegate);  // an address with such a byte
    put_word(own, 64);
    own.push_back(0);  // no augmentation data
    program = description + 4 + own.size();
    own.insert(own.end(), program_bytes.begin(), program_bytes.end());
    put_part(bytes, own);
    bytes.resize((bytes.size() + 7) & ~size_t{7});
  }

  // What a reader of words sees of the program.
  Bytes seen(size_t size) const {
    const auto base = reinterpret_cast<uint64_t>(bytes.data());
    SigningMarks marks;
    marks.find(base + description, base, base + bytes.size());
    Bytes read(bytes.size());
    for (size_t at = 0; at < bytes.size(); at += 8) {
      uint64_t word;
      std::memcpy(&word, bytes.data() + at, sizeof(word));
      word = marks.without(base + at, word);
      std::memcpy(read.data() + at, &word, sizeof(word));
    }
    for (size_t at = 0; at < program; ++at) CHECK(read[at] == bytes[at]);
    return {read.begin() + static_cast<long>(program),
            read.begin() + static_cast<long>(program + size)};
  }
};

const Bytes kRelative = {1, 0x1b};  // of "zR": addresses are relative, of four bytes

// pacibsp; stp x29, x30, [sp, #-48]!; …; ldp; autibsp; ret, as GCC writes it.
const Bytes kSigned = {0x41, kNegate, 0x41, 0x0e, 0x30, 0x9d, 0x06, 0x9e,   0x05,
                       0x0a, 0x44,    0xde, 0xdd, 0x0e, 0x00, 0x41, kNegate};

}  // namespace

TEST_CASE("marks of signed return addresses are not seen") {
  const Section section("zR", kRelative, kSigned);
  Bytes wanted = kSigned;
  wanted[1] = wanted[16] = 0;
  CHECK(section.seen(kSigned.size()) == wanted);
}

TEST_CASE("operands that look like marks stay") {
  const Bytes program = {0x0e,   kNegate,                           // DW_CFA_def_cfa_offset
                         0x02,   kNegate,                           // DW_CFA_advance_loc1
                         0x03,   kNegate, kNegate,                  // DW_CFA_advance_loc2
                         0x05,   kNegate, 0x80 | kNegate, 0x01,     // DW_CFA_offset_extended
                         0x0f,   0x02,    kNegate,        kNegate,  // DW_CFA_def_cfa_expression
                         0x10,   kNegate, 0x01,           kNegate,  // DW_CFA_expression
                         0x2e,   kNegate,                           // DW_CFA_GNU_args_size
                         kNegate};
  const Section section("zR", kRelative, program);
  Bytes wanted = program;
  wanted.back() = 0;
  CHECK(section.seen(program.size()) == wanted);
}

TEST_CASE("a key, a personality and data of a language are passed over") {
  const Bytes augmentation = {7, 0x9b, 0x2d, 0x2d, 0x2d, 0x2d, 0x1b, 0x1b};
  Bytes wanted = kSigned;
  wanted[1] = wanted[16] = 0;
  CHECK(Section("zPLRB", augmentation, kSigned).seen(kSigned.size()) == wanted);
}

TEST_CASE("what is not understood stays as it is") {
  CHECK(Section("zX", kRelative, kSigned).seen(kSigned.size()) == kSigned);
  Bytes odd = kSigned;
  odd.insert(odd.begin(), 0x3f);  // no known opcode
  CHECK(Section("zR", kRelative, odd).seen(odd.size()) == odd);
}

TEST_CASE("a description that is cut short is read no further than the object") {
  const Section section("zR", kRelative, kSigned);
  const auto base = reinterpret_cast<uint64_t>(section.bytes.data());
  for (size_t size = 0; size < section.bytes.size(); ++size) {
    const Bytes cut(section.bytes.begin(), section.bytes.begin() + static_cast<long>(size));
    const auto start = reinterpret_cast<uint64_t>(cut.data());
    SigningMarks marks;
    marks.find(start + section.description, start, start + size);
    marks.find(start - 64, start, start + size);
    CHECK(marks.without(base, UINT64_MAX) == UINT64_MAX);
  }
}

}  // namespace silt::unwind
