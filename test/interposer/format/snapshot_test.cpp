// SPDX-License-Identifier: Apache-2.0
//
// Generation codes: each snapshot has one, in order, and the first snapshot of a code is found.

#include "interposer/format/snapshot.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

namespace silt::format {

TEST_CASE("every sequence has a code of one byte, and codes never go back or skip one") {
  uint32_t before = 0;
  for (uint32_t sequence = 0; sequence < 10'000; ++sequence) {
    const uint32_t code = generation_code(sequence);
    REQUIRE(code <= 255);
    REQUIRE((code == before || code == before + 1));
    before = code;
  }
  CHECK(before == 255);
  CHECK(generation_code(UINT32_MAX) == 255);
}

TEST_CASE("the first snapshots have a code each") {
  for (uint32_t sequence = 0; sequence < 64; ++sequence)
    CHECK(generation_code(sequence) == sequence);
}

TEST_CASE("the first sequence of a code is the first that has it") {
  for (uint32_t code = 0; code <= 255; ++code) {
    const uint32_t first = first_sequence_of_generation(code);
    REQUIRE(generation_code(first) == code);
    if (code > 0) REQUIRE(generation_code(first - 1) == code - 1);
  }
}

TEST_CASE("costs are numbered from one without a gap, and named once each") {
  std::set<uint32_t> numbers;
  std::set<std::string> names;
#define SILT_TEST_COST(number, name, text) \
  numbers.insert(number);                  \
  names.insert(#name);
  SILT_COST_COUNTERS(SILT_TEST_COST)
#undef SILT_TEST_COST
  CHECK(numbers.size() == kCostCount);
  CHECK(names.size() == kCostCount);
  CHECK(*numbers.begin() == 1);
  CHECK(*numbers.rbegin() == kCostCount);
}

}  // namespace silt::format
