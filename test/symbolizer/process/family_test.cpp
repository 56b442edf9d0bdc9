// SPDX-License-Identifier: Apache-2.0
//
// Parents in hostile text. That children are found is tested with real ones in soak/processes_test.

#include "symbolizer/process/family.h"

#include <catch2/catch.hpp>

namespace silt::process {

TEST_CASE("the parent is found behind any name") {
  CHECK(parent_in_stat("12 (sh) S 7 12 12 0 -1") == 7);
  CHECK(parent_in_stat("12 (a) R 1) S 345 12 12 0 -1") == 345);
  CHECK(parent_in_stat("12 () Z 0 0") == 0);
}

TEST_CASE("what is no stat file has no parent") {
  for (const char* text : {"", "12", "12 (sh", "12 (sh)", "12 (sh) S", "12 (sh) S ", "12 (sh) S x",
                           "12 (sh) S -4 1", "12 (sh) S 99999999999 1"}) {
    INFO(text);
    CHECK_FALSE(parent_in_stat(text));
  }
}

}  // namespace silt::process
