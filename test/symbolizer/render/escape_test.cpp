// SPDX-License-Identifier: Apache-2.0
//
// Foreign text made harmless.

#include "symbolizer/render/escape.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

namespace silt::test {
namespace {

TEST_CASE("clean text is valid UTF-8 without anything that moves a cursor") {
  CHECK(render::clean("a\033[1mb") == "a\\x1b[1mb");
  CHECK(render::clean("\xff\xc0\x80") == "\\xff\\xc0\\x80");
  CHECK(render::clean("\xe2\x80\xae") == "\\u{202e}");
  CHECK(render::clean("Größe") == "Größe");
  CHECK(render::clean("a##[group]b") == "a##\\x5bgroup]b");
  CHECK(render::clean("#[a]") == "#[a]");
  CHECK(render::clean_line(" ::error::a::b") == " \\x3a:error::a::b");
  CHECK(render::clean_line("a::b") == "a::b");
  CHECK(render::json_text("\"Gr\u00f6\u00dfe \u202e\u009b\x7f\U000e0041\"") ==
        "\"Gr\u00f6\u00dfe \\u202e\\u009b\\u007f\\udb40\\udc41\"");
  CHECK(render::clean("\xed\xa0\x80") == "\\xed\\xa0\\x80");
}

TEST_CASE("shortened text keeps both ends and its width") {
  CHECK(render::shortened("abcdefghij", 5) == "ab…ij");
  CHECK(render::shortened("äöüäöü", 4) == "ä…öü");
  CHECK(render::shortened("abc", 3) == "abc");
}

TEST_CASE("Markdown code outlasts backquotes and tables outlast bars") {
  CHECK(render::markdown_code("a`b|c") == "`` a`b\\|c ``");
  CHECK(render::markdown("<b>*x*</b>").find('<') == 1);
}

}  // namespace
}  // namespace silt::test
