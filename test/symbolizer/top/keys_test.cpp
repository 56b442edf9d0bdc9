// SPDX-License-Identifier: Apache-2.0
//
// What terminals send for keys.

#include "symbolizer/top/keys.h"

#include <catch2/catch.hpp>

namespace silt::top {
namespace {

std::vector<Key> kinds(std::string_view bytes) {
  std::vector<Key> all;
  for (const Pressed& pressed : keys_in(bytes)) all.push_back(pressed.key);
  return all;
}

TEST_CASE("text is text, character by character") {
  CHECK(keys_in("sä") == std::vector<Pressed>{{Key::kText, "s"}, {Key::kText, "ä"}});
  CHECK(keys_in(" ") == std::vector<Pressed>{{Key::kText, " "}});
}

TEST_CASE("arrows come in both forms") {
  CHECK(kinds("\033[A\033[B") == std::vector<Key>{Key::kUp, Key::kDown});
  CHECK(kinds("\033OA\033OB") == std::vector<Key>{Key::kUp, Key::kDown});
  CHECK(kinds("\033[1;5A") == std::vector<Key>{Key::kUp});
}

TEST_CASE("pages, home and end") {
  CHECK(kinds("\033[5~\033[6~") == std::vector<Key>{Key::kPageUp, Key::kPageDown});
  CHECK(kinds("\033[H\033[F\033[1~\033[4~") ==
        std::vector<Key>{Key::kHome, Key::kEnd, Key::kHome, Key::kEnd});
}

TEST_CASE("escape alone, twice, and what begins with it") {
  CHECK(kinds("\033") == std::vector<Key>{Key::kEscape});
  CHECK(kinds("\033\033") == std::vector<Key>{Key::kEscape, Key::kEscape});
  CHECK(kinds("\033q") == std::vector<Key>{Key::kOther});
  CHECK(kinds("\033[5") == std::vector<Key>{Key::kOther});
}

TEST_CASE("Enter and Backspace, whichever the terminal sends") {
  CHECK(kinds("\r\n\x7f\b") ==
        std::vector<Key>{Key::kEnter, Key::kEnter, Key::kBackspace, Key::kBackspace});
}

TEST_CASE("bytes that are no text mean nothing") {
  CHECK(kinds("\xff\xc3") == std::vector<Key>{Key::kOther, Key::kOther});
  CHECK(kinds("\x01") == std::vector<Key>{Key::kOther});
}

}  // namespace
}  // namespace silt::top
