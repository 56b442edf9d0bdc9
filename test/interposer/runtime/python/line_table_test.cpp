// SPDX-License-Identifier: Apache-2.0
//
// Location tables as CPython 3.11 writes them.

#include "interposer/runtime/python/line_table.h"

#include <catch2/catch.hpp>
#include <vector>

namespace silt::python {
namespace {

std::vector<uint32_t> lines_of(const std::vector<uint8_t>& table, uint32_t first_line) {
  std::vector<uint32_t> lines;
  read_line_table(table.data(), table.size(), first_line,
                  [&](uint32_t first, uint32_t count, uint32_t line) {
                    REQUIRE(first == lines.size());
                    lines.insert(lines.end(), count, line);
                  });
  return lines;
}

uint8_t head(uint32_t kind, uint32_t instructions) {
  return static_cast<uint8_t>(0x80 | kind << 3 | (instructions - 1));
}

TEST_CASE("the table of a real function gives the lines that CPython gives") {
  // def f(a):
  //     b = a + 1
  //
  //     return [b,
  //             a]
  // by CPython 3.11.2: f.__code__.co_linetable, and the lines of co_positions().
  const std::vector<uint8_t> table = {0x80, 0x00, 0xd8, 0x08, 0x09, 0x88, 0x41, 0x89, 0x05,
                                      0x80, 0x41, 0xe0, 0x0c, 0x0d, 0xd8, 0x0c, 0x0d, 0xf0,
                                      0x03, 0x01, 0x0c, 0x0f, 0xf0, 0x00, 0x01, 0x05, 0x0f};
  CHECK(lines_of(table, 10) == std::vector<uint32_t>{10, 11, 11, 11, 11, 11, 13, 14, 13, 13});
}

TEST_CASE("a kind of ten to twelve moves by so many lines, short ones by none") {
  CHECK(lines_of({head(10, 1), 1, 2, head(11, 2), 1, 2, head(12, 1), 1, 2, head(3, 1), 0x11}, 7) ==
        std::vector<uint32_t>{7, 8, 8, 10, 10});
}

TEST_CASE("a long entry moves by a signed number of lines") {
  CHECK(lines_of({head(14, 1), 0x06, 0, 1, 1, head(13, 1), 0x03}, 100) ==
        std::vector<uint32_t>{103, 102});
  // 1000 lines: 2000 is 31 << 6 | 16.
  CHECK(lines_of({head(13, 8), 0x40 | 16, 31}, 1) == std::vector<uint32_t>(8, 1001));
}

TEST_CASE(
    "instructions without a location have line 0, and the next ones count from where it was") {
  CHECK(lines_of({head(11, 1), 0, 0, head(15, 3), head(11, 1), 0, 0}, 1) ==
        std::vector<uint32_t>{2, 0, 0, 0, 3});
}

TEST_CASE("a table that ends in the middle ends there") {
  CHECK(lines_of({head(14, 2), 0x40 | 1}, 5).size() == 2);
  CHECK(lines_of({}, 5).empty());
  CHECK(
      lines_of(
          {head(13, 1), 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f}, 5)
          .size() == 1);
}

}  // namespace
}  // namespace silt::python
