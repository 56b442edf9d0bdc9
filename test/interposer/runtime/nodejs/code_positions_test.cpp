// SPDX-License-Identifier: Apache-2.0
//
// Positions on their way from V8 into a map; jit_log_test.cpp has them written.

#include "interposer/runtime/nodejs/code_positions.h"

#include <catch2/catch.hpp>
#include <memory>
#include <utility>
#include <vector>

namespace silt::nodejs {
namespace {

using Pairs = std::vector<std::pair<uint64_t, int64_t>>;

Pairs pairs_of(PositionBytes bytes) {
  Pairs pairs;
  visit_positions(
      bytes, [&](uint64_t code, int64_t script) { pairs.emplace_back(code, script); },
      [](uint64_t) {});
  return pairs;
}

// Where the code ends, as a difference to the last pair; 0: not told.
uint64_t end_of(PositionBytes bytes) {
  uint64_t end = 0;
  visit_positions(
      bytes, [](uint64_t, int64_t) {}, [&](uint64_t code) { end = code; });
  return end;
}

// Large, and zero as in the program.
std::unique_ptr<PositionGatherer> make_gatherer() { return std::make_unique<PositionGatherer>(); }

TEST_CASE("what was gathered comes back as differences, once and for the right code") {
  const auto gatherer = make_gatherer();
  gatherer->begin();
  gatherer->add(0, 86);
  gatherer->add(0x2f, 41);
  gatherer->add(0x54, uint64_t{1} << 40);
  CHECK(gatherer->take(0, 0).size == 0);  // not at its end yet
  gatherer->end(0x1000);
  CHECK(gatherer->take(0x2000, 0).size == 0);
  const PositionBytes bytes = gatherer->take(0x1000, 0);
  CHECK(pairs_of(bytes) == Pairs{{0, 86}, {0x2f, -45}, {0x25, (int64_t{1} << 40) - 41}});
  CHECK(end_of(bytes) == 0);
  CHECK(gatherer->take(0x1000, 0).size == 0);
}

TEST_CASE("code that is told of after the positions of several functions has each its own") {
  const auto gatherer = make_gatherer();
  // Some never come, and what is told in between is forgotten in time.
  for (uint64_t round = 0; round < 1000; ++round) {
    for (uint64_t i = 1; i <= 5; ++i) {
      gatherer->begin();
      for (uint64_t at = 0; at < 10 * i; ++at) gatherer->add(at * 3, 100 * i + at);
      gatherer->end(0x1000 * i);
    }
    for (const uint64_t i : {1, 2, 4}) {
      const PositionBytes bytes = gatherer->take(0x1000 * i, 1000);
      const Pairs pairs = pairs_of(bytes);
      REQUIRE(pairs.size() == 10 * i);
      CHECK(pairs[0] == std::pair<uint64_t, int64_t>{0, static_cast<int64_t>(100 * i)});
      CHECK(pairs[1] == std::pair<uint64_t, int64_t>{3, 1});
      CHECK(end_of(bytes) == 1000 - (10 * i - 1) * 3);
    }
    CHECK(gatherer->take(0x3000, 1000).size == 0);
  }
}

TEST_CASE("of a very long function the first positions are kept") {
  const auto gatherer = make_gatherer();
  gatherer->begin();
  for (uint64_t i = 0; i < 100000; ++i) gatherer->add(i * 1000, i % 2 == 0 ? 7 : 1u << 30);
  gatherer->end(0x1000);
  const PositionBytes bytes = gatherer->take(0x1000, 100000000);
  CHECK(bytes.size <= PositionGatherer::kMostBytes);
  CHECK(pairs_of(bytes).size() > 300);
  CHECK(end_of(bytes) == 1000);  // of what was kept, not of the code
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
