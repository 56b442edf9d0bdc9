// SPDX-License-Identifier: Apache-2.0
//
// SILT_AT as text: what is understood, and what is not.

#include "interposer/format/memory_marks.h"

#include <catch2/catch.hpp>
#include <string>

namespace silt::format {
namespace {

using Kind = MemoryMark::Kind;

bool parse(const std::string& text, MemoryMarks* marks) {
  return parse_memory_marks(text.data(), text.size(), marks);
}

}  // namespace

TEST_CASE("marks are sizes, growth and shares of the limit") {
  MemoryMarks marks{};
  REQUIRE(parse("512M,1G,+25%,+64MiB,90%", &marks));
  REQUIRE(marks.count == 5);
  CHECK(marks.marks[0].kind == Kind::kSize);
  CHECK(marks.marks[0].value == uint64_t{512} << 20);
  CHECK(marks.marks[1].value == uint64_t{1} << 30);
  CHECK(marks.marks[2].kind == Kind::kGrowthShare);
  CHECK(marks.marks[2].value == 25);
  CHECK(marks.marks[3].kind == Kind::kGrowth);
  CHECK(marks.marks[3].value == uint64_t{64} << 20);
  CHECK(marks.marks[4].kind == Kind::kLimitShare);
  CHECK(marks.marks[4].value == 90);
}

TEST_CASE("0 is no mark") {
  MemoryMarks marks{};
  marks.count = 3;
  REQUIRE(parse("0", &marks));
  CHECK(marks.count == 0);
}

TEST_CASE("a text with one wrong mark is refused as a whole") {
  for (const char* text : {"",       ",",
                           "1G,",    ",1G",
                           "1G,,2G", "+",
                           "%",      "+%",
                           "x",      "1G,x",
                           "0%",     "101%",
                           "+0%",    "+10001%",
                           "+0",     "0,1G",
                           "-5%",    "5 %",
                           "1.5%",   "++1M",
                           " 1M",    "99999999999999999999999999%"}) {
    INFO(text);
    MemoryMarks marks{};
    marks.count = 7;
    CHECK_FALSE(parse(text, &marks));
    CHECK(marks.count == 7);
  }
}

TEST_CASE("there are sixteen marks at the most") {
  std::string text = "1M";
  for (size_t i = 1; i < kMostMarks; ++i) text += ",1M";
  MemoryMarks marks{};
  CHECK(parse(text, &marks));
  CHECK(marks.count == kMostMarks);
  CHECK_FALSE(parse(text + ",1M", &marks));
}

}  // namespace silt::format
