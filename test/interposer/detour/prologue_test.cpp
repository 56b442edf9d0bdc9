// SPDX-License-Identifier: Apache-2.0
//
// First instructions of functions, as bytes, and their copies: bytes again, and what they compute.

#include "interposer/detour/prologue.h"

#include <sys/mman.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <vector>

namespace silt::detour {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr uint64_t kAt = 0x400000;
constexpr uint64_t kCopyAt = 0x300000;

const Decoder& decoder() {
  static Decoder opened;
  static const bool is_open = opened.open("");
  REQUIRE(is_open);
  return opened;
}

struct Moved {
  Prologue prologue;
  Bytes copy;
};

// `padding` stands behind the function.
Moved moved_of(const Bytes& function, const Bytes& padding = Bytes(16, 0x90),
               uint64_t to = kCopyAt) {
  Bytes all = function;
  all.insert(all.end(), padding.begin(), padding.end());
  uint8_t copy[kLongestCopy];
  const Prologue prologue =
      move_prologue(decoder(), Code{all.data(), kAt, function.size(), all.size()}, to, copy);
  return {prologue, Bytes(copy, copy + prologue.written)};
}

// The jump of five bytes at the end of a copy.
uint64_t goes_to(const Bytes& copy, uint64_t copy_at = kCopyAt) {
  REQUIRE(copy.size() >= kJumpSize);
  REQUIRE(copy[copy.size() - kJumpSize] == 0xe9);
  int32_t distance;
  std::memcpy(&distance, copy.data() + copy.size() - 4, sizeof distance);
  return copy_at + copy.size() + static_cast<uint64_t>(int64_t{distance});
}

TEST_CASE("plain instructions are copied whole, and the copy goes on behind them") {
  // push r15; push r14; push r13; push r12
  const Moved moved = moved_of({0x41, 0x57, 0x41, 0x56, 0x41, 0x55, 0x41, 0x54, 0xc3});
  REQUIRE(moved.prologue.trouble == Trouble::kNone);
  CHECK(moved.prologue.jump_at == 0);
  CHECK(moved.prologue.end == 6);
  CHECK(Bytes(moved.copy.begin(), moved.copy.begin() + 6) ==
        Bytes{0x41, 0x57, 0x41, 0x56, 0x41, 0x55});
  CHECK(goes_to(moved.copy) == kAt + 6);
}

TEST_CASE("endbr64 stays where it is, and the jump stands behind it") {
  const Moved moved = moved_of({0xf3, 0x0f, 0x1e, 0xfa, 0x55, 0x48, 0x89, 0xe5, 0x53, 0xc3});
  REQUIRE(moved.prologue.trouble == Trouble::kNone);
  CHECK(moved.prologue.jump_at == 4);
  CHECK(moved.prologue.end == 9);
  CHECK(goes_to(moved.copy) == kAt + 9);
}

TEST_CASE("what is relative to an instruction stays what it was") {
  // lea rax, [rip + 0x1000]
  const Moved moved = moved_of({0x48, 0x8d, 0x05, 0x00, 0x10, 0x00, 0x00, 0xc3});
  REQUIRE(moved.prologue.trouble == Trouble::kNone);
  int32_t displacement;
  std::memcpy(&displacement, moved.copy.data() + 3, sizeof displacement);
  CHECK(kCopyAt + 7 + static_cast<uint64_t>(int64_t{displacement}) == kAt + 7 + 0x1000);
}

TEST_CASE("an immediate behind a relative displacement counts for its end") {
  // mov dword [rip + 0x100], 0x11223344
  const Moved moved = moved_of({0xc7, 0x05, 0x00, 0x01, 0x00, 0x00, 0x44, 0x33, 0x22, 0x11, 0xc3});
  REQUIRE(moved.prologue.trouble == Trouble::kNone);
  int32_t displacement;
  std::memcpy(&displacement, moved.copy.data() + 2, sizeof displacement);
  CHECK(kCopyAt + 10 + static_cast<uint64_t>(int64_t{displacement}) == kAt + 10 + 0x100);
  CHECK(moved.copy[6] == 0x44);
}

TEST_CASE("a short branch is made long") {
  // test rdi, rdi; je +0x10; ret
  const Moved moved = moved_of({0x48, 0x85, 0xff, 0x74, 0x10, 0xc3});
  REQUIRE(moved.prologue.trouble == Trouble::kNone);
  CHECK(moved.prologue.end == 5);
  CHECK(moved.copy[3] == 0x0f);
  CHECK(moved.copy[4] == 0x84);
  int32_t distance;
  std::memcpy(&distance, moved.copy.data() + 5, sizeof distance);
  CHECK(kCopyAt + 9 + static_cast<uint64_t>(int64_t{distance}) == kAt + 5 + 0x10);
}

TEST_CASE("a function that is one short jump has its padding for the jump") {
  const Moved moved = moved_of({0xeb, 0x30});
  REQUIRE(moved.prologue.trouble == Trouble::kNone);
  CHECK(moved.copy.size() == kJumpSize);
  CHECK(goes_to(moved.copy) == kAt + 2 + 0x30);
  CHECK(moved_of({0xc3}, {0x0f, 0x1f, 0x40, 0x00}).prologue.trouble == Trouble::kNone);
}

TEST_CASE("a function shorter than a jump, with another one behind it, is left alone") {
  CHECK(moved_of({0xeb, 0x30}, {0x55, 0x53, 0x50}).prologue.trouble == Trouble::kTooShort);
  CHECK(moved_of({0xc3}, {}).prologue.trouble == Trouble::kTooShort);
  CHECK(moved_of({0x55, 0x53}).prologue.trouble ==
        Trouble::kTooShort);  // runs on into what follows
  CHECK(moved_of({}).prologue.trouble == Trouble::kTooShort);
}

TEST_CASE("a call returns into the function itself, or is not moved") {
  // sub rsp, 8; call +0x100
  const Moved moved = moved_of({0x48, 0x83, 0xec, 0x08, 0xe8, 0x00, 0x01, 0x00, 0x00, 0xc3});
  REQUIRE(moved.prologue.trouble == Trouble::kNone);
  CHECK(moved.prologue.end == 9);
  uint32_t low;
  REQUIRE(moved.copy[4] == 0x68);
  std::memcpy(&low, moved.copy.data() + 5, sizeof low);
  CHECK(low == kAt + 9);
  CHECK(goes_to(moved.copy) == kAt + 9 + 0x100);
  // call rax: its return address would be in the copy
  CHECK(moved_of({0x48, 0x83, 0xec, 0x08, 0xff, 0xd0, 0xc3}).prologue.trouble ==
        Trouble::kUnknownCode);
  // call rel32 through memory likewise
  CHECK(moved_of({0xff, 0x15, 0x00, 0x01, 0x00, 0x00, 0xc3}).prologue.trouble ==
        Trouble::kUnknownCode);
}

TEST_CASE("what is not understood is left alone") {
  CHECK(moved_of({0x06, 0x55, 0x55, 0x55, 0x55}).prologue.trouble == Trouble::kUnknownCode);
  CHECK(moved_of({0xcc, 0x55, 0x55, 0x55, 0x55}).prologue.trouble == Trouble::kUnknownCode);
  CHECK(moved_of({0x0f, 0x05, 0x55, 0x55, 0x55}).prologue.trouble == Trouble::kUnknownCode);
  CHECK(moved_of({0xe2, 0x10, 0x55, 0x55, 0x55}).prologue.trouble ==
        Trouble::kUnknownCode);  // loop
  CHECK(moved_of({0xe3, 0x10, 0x55, 0x55, 0x55}).prologue.trouble ==
        Trouble::kUnknownCode);  // jrcxz
  // lea eax, [eip + 1]; xbegin
  CHECK(moved_of({0x67, 0x8d, 0x05, 1, 0, 0, 0, 0xc3}).prologue.trouble == Trouble::kUnknownCode);
  CHECK(moved_of({0xc7, 0xf8, 0, 0, 0, 0, 0xc3}).prologue.trouble == Trouble::kUnknownCode);
}

TEST_CASE("a copy that is too far from what it refers to is refused") {
  const Bytes relative = {0x48, 0x8d, 0x05, 0x00, 0x10, 0x00, 0x00, 0xc3};
  CHECK(moved_of(relative, {}, kAt + (uint64_t{1} << 32)).prologue.trouble == Trouble::kTooFar);
  CHECK(moved_of({0x55, 0x53, 0x50, 0x51, 0x52, 0xc3}, {}, kAt + (uint64_t{3} << 30))
            .prologue.trouble == Trouble::kTooFar);
}

TEST_CASE("the longest copy fits") {
  // Four pushes and an instruction of fifteen bytes; five branches of two
  const Bytes longest = {0x50, 0x50, 0x50, 0x50, 0x64, 0x67, 0x66, 0xf0, 0x41, 0x81,
                         0x84, 0x24, 1,    2,    3,    4,    5,    6,    0xc3};
  CHECK(moved_of(longest).prologue.written <= kLongestCopy);
  CHECK(moved_of({0x74, 1, 0x74, 1, 0x74, 1, 0x90, 0xc3}).prologue.written <= kLongestCopy);
}

TEST_CASE("jumps into the first bytes are found wherever they come from") {
  // push rbx; L: dec rdi; jne L; ret
  const Bytes loop = {0x53, 0x48, 0xff, 0xcf, 0x75, 0xfb, 0xc3};
  const auto into = [](uint64_t, const Instruction& here) {
    return here.target > kAt && here.target < kAt + kJumpSize;
  };
  CHECK(any_jump(decoder(), Code{loop.data(), kAt, loop.size(), loop.size()}, into));
  // The same loop one byte later, at the end of five
  const Bytes behind = {0x53, 0x53, 0x53, 0x53, 0x53, 0x48, 0xff, 0xcf, 0x75, 0xfb, 0xc3};
  CHECK_FALSE(any_jump(decoder(), Code{behind.data(), kAt, behind.size(), behind.size()}, into));
  // Behind bytes that are no instruction
  const Bytes data = {0x06, 0x06, 0x75, 0xfd};
  CHECK(any_jump(decoder(), Code{data.data(), kAt, data.size(), data.size()}, into));
}

// Runs copies: near each other in memory, as they are in a process.
class Runs {
 public:
  Runs() {
    pages_ = static_cast<uint8_t*>(
        mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    REQUIRE(pages_ != MAP_FAILED);
    std::memset(pages_, 0x90, 8192);
  }
  ~Runs() { munmap(pages_, 8192); }
  Runs(const Runs&) = delete;
  Runs& operator=(const Runs&) = delete;

  // The function as it is, then with a jump to its copy in place of its first instructions.
  std::vector<uint64_t> results(const Bytes& function, uint64_t argument) {
    std::vector<uint64_t> all;
    std::memcpy(pages_ + 256, function.data(), function.size());
    all.push_back(run(argument));
    REQUIRE(mprotect(pages_, 8192, PROT_READ | PROT_WRITE) == 0);
    const auto at = reinterpret_cast<uint64_t>(pages_) + 256;
    uint8_t* const copy = pages_ + 4096;
    const Prologue prologue =
        move_prologue(decoder(), Code{pages_ + 256, at, function.size(), function.size() + 16},
                      reinterpret_cast<uint64_t>(copy), copy);
    REQUIRE(prologue.trouble == Trouble::kNone);
    REQUIRE(write_jump(pages_ + 256 + prologue.jump_at, at + prologue.jump_at,
                       reinterpret_cast<uint64_t>(copy)));
    all.push_back(run(argument));
    return all;
  }

 private:
  uint64_t run(uint64_t argument) {
    REQUIRE(mprotect(pages_, 8192, PROT_READ | PROT_EXEC) == 0);
    return reinterpret_cast<uint64_t (*)(uint64_t)>(pages_ + 256)(argument);
  }
  uint8_t* pages_;
};

TEST_CASE("a function with a jump in its place computes what it did") {
  const Bytes functions[] = {
      // test rdi, rdi; je L; mov rax, rdi; add rax, 3; ret; L: mov eax, 7; ret
      {0x48, 0x85, 0xff, 0x74, 0x08, 0x48, 0x89, 0xf8, 0x48, 0x83, 0xc0, 0x03, 0xc3, 0xb8, 7, 0, 0,
       0, 0xc3},
      // mov rax, [rip + 1]; ret; the constant
      {0x48, 0x8b, 0x05, 0x01, 0, 0, 0, 0xc3, 1, 2, 3, 4, 5, 6, 7, 8},
      // sub rsp, 8; call L; add rsp, 8; ret; L: mov rax, rdi; add rax, [rsp]; sub rax, [rsp]; ret
      {0x48, 0x83, 0xec, 0x08, 0xe8, 0x05, 0,    0,    0,    0x48, 0x83, 0xc4, 0x08,
       0xc3, 0x48, 0x89, 0xf8, 0x48, 0x03, 0x04, 0x24, 0x48, 0x2b, 0x04, 0x24, 0xc3},
      // endbr64; jmp L; int3…; L: lea rax, [rdi + 9]; ret
      {0xf3, 0x0f, 0x1e, 0xfa, 0xeb, 0x06, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0x48, 0x8d, 0x47, 9,
       0xc3},
      // xchg ax, ax, for a patch; five nops; mov rax, rdi; ret
      {0x66, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x48, 0x89, 0xf8, 0xc3},
  };
  for (const Bytes& function : functions) {
    for (const uint64_t argument : {uint64_t{0}, uint64_t{41}, uint64_t{1} << 40}) {
      Runs runs;
      const auto results = runs.results(function, argument);
      CHECK(results[0] == results[1]);
    }
  }
}

}  // namespace
}  // namespace silt::detour
