// SPDX-License-Identifier: Apache-2.0

#include "symbolizer/report/suppression.h"

#include <catch2/catch.hpp>

namespace silt::test {
namespace {

TEST_CASE("patterns know stars and anchors") {
  using report::matches;
  CHECK(matches("add", "Table::add(int)"));
  CHECK(matches("^Table::*int", "Table::add(int)"));
  CHECK_FALSE(matches("^add", "Table::add(int)"));
  CHECK(matches("(int)$", "Table::add(int)"));
  CHECK_FALSE(matches("add$", "Table::add(int)"));
  CHECK(matches("a*b*c", "xaxxbxxcx"));
  CHECK_FALSE(matches("a*c*b", "abc"));
  CHECK_FALSE(matches("", "anything"));
  CHECK(matches("*a*a*a*a*a*b", std::string(2000, 'a') + "b"));
}

}  // namespace
}  // namespace silt::test
