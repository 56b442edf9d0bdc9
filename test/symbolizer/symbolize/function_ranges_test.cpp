// SPDX-License-Identifier: Apache-2.0
//
// Tables of function begins: as linkers write them, and as nobody should.

#include "symbolizer/symbolize/function_ranges.h"

#include <catch2/catch.hpp>
#include <cstring>

namespace silt::symbolize {
namespace {

std::vector<uint8_t> table_of(const std::vector<int32_t>& begins, uint32_t count) {
  std::vector<uint8_t> bytes = {1, 0x1b, 0x03, 0x3b, 0, 0, 0, 0};
  const auto add = [&bytes](uint32_t value) {
    for (int shift = 0; shift < 32; shift += 8) bytes.push_back(uint8_t(value >> shift));
  };
  add(count);
  for (const int32_t begin : begins) {
    add(static_cast<uint32_t>(begin));
    add(0x100);
  }
  return bytes;
}

TEST_CASE("begins of functions are relative to their table") {
  const auto begins = function_begins(table_of({-0x1000, -0xf00, 0x20}, 3), 0x5000);
  CHECK(begins == std::vector<uint64_t>{0x4000, 0x4100, 0x5020});
}

TEST_CASE("a table that is cut short gives what it holds") {
  CHECK(function_begins(table_of({-0x1000}, 4'000'000'000), 0x5000).size() == 1);
  CHECK(function_begins({}, 0x5000).empty());
  const std::vector<uint8_t> bytes = table_of({}, 1);
  CHECK(function_begins(std::span(bytes).first(11), 0x5000).empty());
}

TEST_CASE("tables of another form, or unsorted ones, give no wrong answers") {
  std::vector<uint8_t> other = table_of({-0x1000}, 1);
  other[3] = 0x1b;
  CHECK(function_begins(other, 0x5000).empty());
  CHECK(function_begins(table_of({0x20, -0x1000}, 2), 0x5000).empty());
}

// As GCC 12 compiles it for libstdc++.a.
const std::vector<uint8_t> kOperatorNew = {
    0xf3, 0x0f, 0x1e, 0xfa, 0x48, 0x85, 0xff, 0xb8, 0x01, 0x00, 0x00, 0x00, 0x53, 0x48,
    0x0f, 0x45, 0xc7, 0x48, 0x89, 0xc3, 0x48, 0x89, 0xdf, 0xe8, 0x84, 0xd4, 0xff, 0xff,
    0x48, 0x85, 0xc0, 0x74, 0x02, 0x5b, 0xc3, 0xe8, 0xf8, 0xd9, 0x00, 0x00, 0x48, 0x85,
    0xc0, 0x0f, 0x84, 0x47, 0xd6, 0xff, 0xff, 0xff, 0xd0, 0xeb, 0xdf};

TEST_CASE("operator new is known by its code") { CHECK(looks_like_operator_new(kOperatorNew)); }

TEST_CASE("other wrappers of malloc are not taken for operator new") {
  std::vector<uint8_t> without_loop = kOperatorNew;
  without_loop[51] = 0x90;
  CHECK_FALSE(looks_like_operator_new(without_loop));
  std::vector<uint8_t> without_one = kOperatorNew;
  without_one[8] = 16;
  CHECK_FALSE(looks_like_operator_new(without_one));
  for (size_t size = 0; size < kOperatorNew.size(); ++size) {
    CHECK_FALSE(looks_like_operator_new(std::span(kOperatorNew).first(size)));
  }
}

}  // namespace
}  // namespace silt::symbolize
