// SPDX-License-Identifier: Apache-2.0
//
// The table of sizes by which byte code is read.

#include "interposer/runtime/nodejs/byte_code_sizes.h"

#include <catch2/catch.hpp>
#include <vector>

namespace silt::nodejs {
namespace {

constexpr size_t kCodes = 150;

// Byte code n has n % 4 operands of one, two or four bytes, but for the first two, which widen.
std::vector<uint8_t> table() {
  std::vector<uint8_t> sizes(3 * kCodes);
  for (size_t row = 0; row < 3; ++row) {
    for (size_t code = 0; code < kCodes; ++code) {
      sizes[row * kCodes + code] =
          static_cast<uint8_t>(code < 2 ? 1 : 1 + code % 4 * (size_t{1} << row));
    }
  }
  return sizes;
}

TEST_CASE("byte codes are as long as V8's table says, with what widens them") {
  ByteCodeSizes sizes;
  const std::vector<uint8_t> bytes = table();
  REQUIRE(sizes.set(bytes.data(), bytes.size()));
  const uint8_t code[] = {4, 5, 99, 0, 5, 99, 99, 1, 5, 99, 99, 99, 99};
  CHECK(sizes.size_at(code, sizeof(code), 0) == 1);
  CHECK(sizes.size_at(code, sizeof(code), 1) == 2);
  CHECK(sizes.size_at(code, sizeof(code), 3) == 4);
  CHECK(sizes.size_at(code, sizeof(code), 7) == 6);
}

TEST_CASE("what goes past the end, or is no byte code, has no size") {
  ByteCodeSizes sizes;
  const std::vector<uint8_t> bytes = table();
  REQUIRE(sizes.set(bytes.data(), bytes.size()));
  const uint8_t code[] = {5, 99, kCodes, 1};
  CHECK(sizes.size_at(code, 1, 0) == 0);
  CHECK(sizes.size_at(code, sizeof(code), 2) == 0);
  CHECK(sizes.size_at(code, sizeof(code), 3) == 0);
  CHECK(sizes.size_at(code, sizeof(code), 4) == 0);
  CHECK(ByteCodeSizes{}.size_at(code, sizeof(code), 0) == 0);
}

TEST_CASE("bytes that are no such table are not taken") {
  ByteCodeSizes sizes;
  std::vector<uint8_t> bytes = table();
  CHECK_FALSE(sizes.set(bytes.data(), bytes.size() - 1));
  CHECK_FALSE(sizes.set(bytes.data(), 3 * 20));
  const auto with = [&](size_t at, uint8_t value) {
    std::vector<uint8_t> changed = table();
    changed[at] = value;
    return sizes.set(changed.data(), changed.size());
  };
  CHECK(with(7, 4));
  CHECK_FALSE(with(7, 0));           // no byte code takes nothing
  CHECK_FALSE(with(0, 2));           // what widens takes one
  CHECK_FALSE(with(kCodes + 7, 3));  // shorter than with narrow operands
  const uint8_t code[] = {4};
  CHECK(sizes.size_at(code, 1, 0) == 0);  // nor is one from before
}

}  // namespace
}  // namespace silt::nodejs
