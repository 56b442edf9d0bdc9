// SPDX-License-Identifier: Apache-2.0
//
// What others chose cannot break out of a line.

#include "symbolizer/base/quote.h"

#include <catch2/catch.hpp>

namespace silt {
namespace {

TEST_CASE("plain text and UTF-8 pass unchanged") { CHECK(in_quotes("größe") == "'größe'"); }

TEST_CASE("control characters are shown as escapes") {
  CHECK(in_quotes("a\nb\x1b[31m\x7f") == "'a\\x0ab\\x1b[31m\\x7f'");
}

TEST_CASE("the two-byte control characters of UTF-8 are shown as escapes") {
  CHECK(in_quotes("\xc2\x9b"
                  "31m") == "'\\xc2\\x9b31m'");
}

TEST_CASE("a backslash is doubled so that escapes stay unambiguous") {
  CHECK(in_quotes("\\x0a") == "'\\\\x0a'");
}

TEST_CASE("a message keeps its quotes and backslashes, and loses what moves the cursor") {
  CHECK(one_line("'a\\b'\n\x1b[2J\t") == "'a\\b'\\x0a\\x1b[2J\\x09");
  CHECK(one_line("\xc2\x9b"
                 "31m \xc3\xb6") == "\\xc2\\x9b31m \xc3\xb6");
}

TEST_CASE("a message of several lines keeps its lines") {
  CHECK(some_lines("a\x1b\nb\r\n") == "a\\x1b\nb\\x0d\n");
}

}  // namespace
}  // namespace silt
