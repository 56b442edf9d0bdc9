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

}  // namespace
}  // namespace silt
