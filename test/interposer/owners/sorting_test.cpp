// SPDX-License-Identifier: Apache-2.0

#include "interposer/owners/sorting.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <vector>

namespace silt::owners {
namespace {

TEST_CASE("any order becomes the right one") {
  std::mt19937 random(1);
  for (size_t size = 0; size < 200; ++size) {
    std::vector<unsigned> items(size);
    for (unsigned& item : items) item = static_cast<unsigned>(random() % 50);
    std::vector<unsigned> expected = items;
    std::sort(expected.begin(), expected.end());
    sort(items.data(), items.size(), [](unsigned a, unsigned b) { return a < b; });
    CHECK(items == expected);
  }
}

}  // namespace
}  // namespace silt::owners
