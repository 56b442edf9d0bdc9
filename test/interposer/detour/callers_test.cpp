// SPDX-License-Identifier: Apache-2.0
//
// Functions as bytes: which of them come to a call of what their compiler cannot have seen.

#include "interposer/detour/callers.h"

#include <catch2/catch.hpp>
#include <vector>

namespace silt::detour {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr uint64_t kAt = 0x400000;

// The function at the start of these bytes, which are all of the program's code.
bool calls(const Bytes& text) {
  static Decoder decoder;
  static const bool is_open = decoder.open("");
  REQUIRE(is_open);
  return calls_the_unknown(decoder, Code{text.data(), kAt, text.size(), text.size()}, kAt);
}

TEST_CASE("a function that calls nothing calls nothing unknown") {
  CHECK_FALSE(calls({0xc3}));                                // ret
  CHECK_FALSE(calls({0x48, 0x89, 0xf8, 0xc3}));              // mov rax, rdi; ret
  CHECK_FALSE(calls({0x74, 0x01, 0xc3, 0x31, 0xc0, 0xc3}));  // je over the ret; xor eax, eax; ret
}

TEST_CASE("a call through a pointer is one of the unknown") {
  CHECK(calls({0xff, 0xd0, 0xc3}));                          // call rax
  CHECK(calls({0xff, 0x15, 0x00, 0x10, 0x00, 0x00, 0xc3}));  // call [rip + 4096]
  CHECK(calls({0xff, 0x25, 0x00, 0x10, 0x00, 0x00}));        // jmp [rip + 4096]
  CHECK(calls({0x74, 0x01, 0xc3, 0xff, 0x50, 0x08, 0xc3}));  // behind a branch: call [rax + 8]
}

TEST_CASE("a function of another file is reached by way of the linker's code") {
  // call +1; ret; endbr64; jmp [rip + 4096]
  CHECK(calls({0xe8, 0x01, 0x00, 0x00, 0x00, 0xc3, 0xf3, 0x0f, 0x1e, 0xfa, 0xff, 0x25, 0x00, 0x10,
               0x00, 0x00}));
}

TEST_CASE("what is called is looked through, and what it calls") {
  // call +1; ret; jmp +1; ret; and then a call of rax, or a return
  CHECK(calls({0xe8, 0x01, 0x00, 0x00, 0x00, 0xc3, 0xeb, 0x01, 0xc3, 0xff, 0xd0, 0xc3}));
  CHECK_FALSE(calls({0xe8, 0x01, 0x00, 0x00, 0x00, 0xc3, 0xeb, 0x01, 0xc3, 0x90, 0x90, 0xc3}));
}

TEST_CASE("a jump table is no call") {
  CHECK_FALSE(calls({0xff, 0xe0}));                    // jmp rax
  CHECK_FALSE(calls({0xff, 0x24, 0xc5, 0, 0, 0, 0}));  // jmp [rax * 8 + table]
}

TEST_CASE("the search ends in circles, behind the code, and at bytes that are no instruction") {
  CHECK_FALSE(calls({0xeb, 0xfe}));                          // jmp to itself
  CHECK_FALSE(calls({0xe8, 0xfb, 0xff, 0xff, 0xff, 0xc3}));  // call itself; ret
  CHECK_FALSE(calls({0xe9, 0x00, 0x00, 0x00, 0x70}));        // jmp far away
  CHECK_FALSE(calls({0x06, 0xff, 0xd0}));                    // no instruction in this mode
  CHECK_FALSE(calls({0x48}));                                // cut short
}

TEST_CASE("a function too large to be read is not known to call anything") {
  // je to the next one, over and over
  const auto long_function = [](Bytes bytes) {
    for (int i = 0; i < 3000; ++i) {
      bytes.push_back(0x74);
      bytes.push_back(0x00);
    }
    return bytes;
  };
  CHECK_FALSE(calls(long_function({})));
  CHECK(calls(long_function({0xff, 0xd0})));
}

}  // namespace
}  // namespace silt::detour
