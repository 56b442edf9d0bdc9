// SPDX-License-Identifier: Apache-2.0
//
// Positions on their way from V8 into a map; jit_log_test.cpp has them written.

#include "interposer/runtime/nodejs/code_positions.h"

#include <catch2/catch.hpp>
#include <utility>
#include <vector>

namespace silt::nodejs {
namespace {

using Pairs = std::vector<std::pair<uint64_t, int64_t>>;

Pairs pairs_of(PositionBytes bytes) {
  Pairs pairs;
  visit_positions(bytes, [&](uint64_t code, int64_t script) { pairs.emplace_back(code, script); });
  return pairs;
}

TEST_CASE("what was gathered comes back as differences, once and for the right code") {
  PositionGatherer gatherer;
  gatherer.begin();
  gatherer.add(0, 86);
  gatherer.add(0x2f, 41);
  gatherer.add(0x54, uint64_t{1} << 40);
  CHECK(gatherer.take(0).size == 0);  // not at its end yet
  gatherer.end(0x1000);
  CHECK(gatherer.take(0x2000).size == 0);
  CHECK(pairs_of(gatherer.take(0x1000)) ==
        Pairs{{0, 86}, {0x2f, -45}, {0x25, (int64_t{1} << 40) - 41}});
  CHECK(gatherer.take(0x1000).size == 0);
}

TEST_CASE("of a very long function the first positions are kept") {
  PositionGatherer gatherer;
  gatherer.begin();
  for (uint64_t i = 0; i < 100000; ++i) gatherer.add(i * 1000, i % 2 == 0 ? 7 : 1u << 30);
  gatherer.end(0x1000);
  const PositionBytes bytes = gatherer.take(0x1000);
  CHECK(bytes.size <= PositionGatherer::kMostBytes);
  CHECK(pairs_of(bytes).size() > 300);
}

TEST_CASE("bytes that are cut off are read without harm") {
  const uint8_t cut[] = {0x80, 0x80, 0x80, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  for (size_t size = 0; size <= sizeof(cut); ++size) pairs_of({cut, size});
}

TEST_CASE("positions of many functions keep their owners while others go") {
  CodePositions kept;
  uint8_t bytes[100];
  std::vector<std::pair<int, uint32_t>> places;
  for (int i = 0; i < 100000; ++i) {
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(i);
    const uint32_t place = kept.put({bytes, static_cast<size_t>(1 + i % 100)});
    if (place != 0) places.emplace_back(i, place);
  }
  REQUIRE(places.size() > 10000);
  CHECK(places.size() < 100000);  // 4 MiB at most
  CHECK(kept.mapped_bytes() <= 4 << 20);
  kept.begin_keeping();
  std::vector<std::pair<int, uint32_t>> left;
  for (size_t at = 0; at < places.size(); at += 3) {
    left.emplace_back(places[at].first, kept.keep(places[at].second));
  }
  kept.end_keeping();
  for (const auto& [i, place] : left) {
    const PositionBytes found = kept.at(place);
    REQUIRE(found.size == static_cast<size_t>(1 + i % 100));
    REQUIRE(found.data[found.size - 1] == static_cast<uint8_t>(i));
  }
  CHECK(kept.put({bytes, 100}) != 0);
  CHECK(kept.at(0).size == 0);
}

}  // namespace
}  // namespace silt::nodejs
