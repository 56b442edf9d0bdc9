// SPDX-License-Identifier: Apache-2.0
//
// The line that stands for several places.

#include "symbolizer/symbolize/main_line.h"

#include <catch2/catch.hpp>

namespace silt::symbolize {
namespace {

TEST_CASE("the line with more than half of the weight is told, at its heaviest place") {
  CHECK(main_place({{{3, 1}, 2.0}, {{3, 9}, 3.0}, {{4, 1}, 4.0}}) == PlaceInScript{3, 9});
  CHECK(main_place({{{3, 1}, 2.0}, {{4, 1}, 4.0}, {{5, 1}, 1.0}}) == PlaceInScript{4, 1});
  CHECK(main_place({{{9, 2}, 1e-6}}) == PlaceInScript{9, 2});
}

TEST_CASE("where no line has more than half, none is") {
  CHECK_FALSE(main_place({{{3, 1}, 2.0}, {{4, 1}, 2.0}}));
  CHECK_FALSE(main_place({{{3, 1}, 2.0}, {{4, 1}, 2.0}, {{5, 1}, 3.0}}));
  CHECK_FALSE(main_place({}));
}

}  // namespace
}  // namespace silt::symbolize
