// SPDX-License-Identifier: Apache-2.0
//
// Snapshots that stand for all: bounded, over the whole time, and never one that was left out.

#include "symbolizer/top/chosen.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

namespace silt::top {
namespace {

TEST_CASE("few snapshots are all in view") {
  CHECK(chosen_of(0, 24).empty());
  CHECK(chosen_of(1, 24) == std::vector<size_t>{0});
  CHECK(chosen_of(5, 24) == std::vector<size_t>{0, 1, 2, 3, 4});
}

TEST_CASE("of many there are evenly spaced ones from the first, and the last two") {
  CHECK(chosen_of(9, 4) == std::vector<size_t>{0, 4, 7, 8});
  CHECK(chosen_of(10, 5) == std::vector<size_t>{0, 2, 4, 6, 8, 9});
}

TEST_CASE("what was left out once is never wanted again, however many come") {
  std::set<size_t> there;
  for (size_t count = 1; count < 3000; ++count) {
    there.insert(count - 1);
    const std::vector<size_t> chosen = chosen_of(count, 24);
    CHECK(chosen.size() <= 26);
    CHECK(chosen.front() == 0);
    CHECK(chosen.back() == count - 1);
    for (const size_t index : chosen) CHECK(there.count(index) == 1);
    there = std::set<size_t>(chosen.begin(), chosen.end());
  }
}

TEST_CASE("asking for fewer later asks for none that was left out") {
  const std::vector<size_t> before = chosen_of(100, 24);
  for (const size_t index : chosen_of(101, 12)) {
    CHECK((index == 100 || std::find(before.begin(), before.end(), index) != before.end()));
  }
}

}  // namespace
}  // namespace silt::top
