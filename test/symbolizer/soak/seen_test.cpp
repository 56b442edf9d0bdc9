// SPDX-License-Identifier: Apache-2.0

#include "symbolizer/soak/seen.h"

#include <catch2/catch.hpp>

namespace silt::soak {
namespace {

TEST_CASE("the start of a process is read whatever its name is") {
  const auto facts =
      parse_stat("7 (a) b (c) S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4711 1 1 1\n");
  REQUIRE(facts);
  CHECK(facts->name == "a) b (c");
  CHECK(facts->start_ticks == 4711);
  CHECK_FALSE(parse_stat("7 (a) S 1 7"));
  CHECK_FALSE(parse_stat("nothing"));
}

}  // namespace
}  // namespace silt::soak
