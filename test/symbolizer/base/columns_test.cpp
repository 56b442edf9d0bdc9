// SPDX-License-Identifier: Apache-2.0

#include "symbolizer/base/columns.h"

#include <catch2/catch.hpp>
#include <string>

namespace silt {
namespace {

TEST_CASE("a column is what a terminal gives a character") {
  CHECK(columns("") == 0);
  CHECK(columns("session_server") == 14);
  CHECK(columns("häß") == 3);
  CHECK(columns("e\u0301te\u0301") == 3);  // combining accents
  CHECK(columns("缓存") == 4);
  CHECK(columns("캐시 cache") == 10);
  CHECK(columns("…▁█") == 3);
}

TEST_CASE("bytes that are not UTF-8 take a column each") {
  CHECK(columns("a\xff\xfe") == 3);
  CHECK(columns("\xe7\xbc") == 2);  // the beginning of a character
  CHECK(first_columns("\xff\xff\xff", 2) == "\xff\xff");
}

TEST_CASE("text is cut between characters") {
  CHECK(first_columns("abcdef", 4) == "abcd");
  CHECK(last_columns("abcdef", 4) == "cdef");
  CHECK(first_columns("缓存表", 5) == "缓存");  // the third would stand in columns 5 and 6
  CHECK(last_columns("缓存表", 5) == "存表");
  CHECK(first_columns("e\u0301te\u0301", 1) == "e\u0301");
  CHECK(last_columns("e\u0301te\u0301", 1) == "e\u0301");
  CHECK(first_columns("short", 20) == "short");
  CHECK(last_columns("short", 20) == "short");
  CHECK(first_columns("wide 缓", 0).empty());
  CHECK(last_columns("wide 缓", 0).empty());
}

TEST_CASE("whatever the bytes, a cut is no wider than asked, and a part of the text") {
  std::string text;
  unsigned seed = 1;
  for (int i = 0; i < 4000; ++i) {
    seed = seed * 1103515245 + 12345;
    text += static_cast<char>(seed >> 16);
  }
  for (size_t begin = 0; begin < 300; ++begin) {
    const auto part = std::string_view(text).substr(begin, 40);
    for (const size_t width : {0u, 1u, 7u, 39u}) {
      CHECK(columns(first_columns(part, width)) <= width);
      CHECK(part.starts_with(first_columns(part, width)));
      CHECK(part.ends_with(last_columns(part, width)));
    }
  }
}

}  // namespace
}  // namespace silt
