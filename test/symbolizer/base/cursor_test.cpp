// SPDX-License-Identifier: Apache-2.0
//
// Varints at their edges.

#include "symbolizer/base/cursor.h"

#include <catch2/catch.hpp>
#include <string>

#include "test/symbolizer/snapshot_writer.h"

namespace silt {
namespace {

TEST_CASE("a varint reads back as it was written") {
  for (const uint64_t value :
       {uint64_t{0}, uint64_t{1}, uint64_t{127}, uint64_t{128}, uint64_t{16383}, uint64_t{16384},
        uint64_t{1} << 35, UINT64_MAX - 1, UINT64_MAX}) {
    std::string bytes;
    test::append_varint(bytes, value);
    Cursor cursor(bytes);
    CHECK(cursor.varint() == value);
    CHECK(cursor.ok());
    CHECK(cursor.at_end());
  }
}

TEST_CASE("a varint of more than 64 bits is refused") {
  const std::string bytes = std::string(9, '\xff') + '\x02';
  Cursor cursor(bytes);
  CHECK(cursor.varint() == 0);
  CHECK_FALSE(cursor.ok());
}

TEST_CASE("a varint that never ends is refused") {
  const std::string bytes(100, '\x80');
  Cursor cursor(bytes);
  CHECK(cursor.varint() == 0);
  CHECK_FALSE(cursor.ok());
}

TEST_CASE("after a refused read every other is refused") {
  const std::string bytes = "\x80";
  Cursor cursor(bytes);
  cursor.varint();
  CHECK_FALSE(cursor.ok());
  CHECK(cursor.varint() == 0);
  CHECK(cursor.position() == 0);
}

TEST_CASE("zigzag numbers go back to signed differences") {
  CHECK(unzigzag(0) == 0);
  CHECK(unzigzag(1) == static_cast<uint64_t>(-1));
  CHECK(unzigzag(2) == 1);
  CHECK(unzigzag(UINT64_MAX) == uint64_t{1} << 63);
}

TEST_CASE("a sum stops at its limit and not beyond") {
  uint64_t sum = 5;
  CHECK(add_within(sum, 5, 10));
  CHECK(sum == 10);
  CHECK_FALSE(add_within(sum, 1, 10));
  CHECK(sum == 10);
  sum = 1;
  CHECK_FALSE(add_within(sum, UINT64_MAX, UINT64_MAX));
  CHECK(sum == 1);
}

}  // namespace
}  // namespace silt
