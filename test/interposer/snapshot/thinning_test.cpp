// SPDX-License-Identifier: Apache-2.0
//
// Weeks of snapshots in the blink of an eye: what stays, and how it is spread.

#include "interposer/snapshot/thinning.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <map>

namespace silt::snapshot {
namespace {

constexpr uint64_t kMinute = 60'000'000'000;

// By number, the time.
using Kept = std::map<uint32_t, uint64_t>;

// As a recording would be after `count` snapshots that `time_of` has the times of.
template <typename TimeOf>
Kept keep(uint32_t most, uint32_t count, TimeOf&& time_of) {
  Thinning thinning{};
  REQUIRE(thinning.keep(most));
  Kept kept;
  for (uint32_t i = 0; i < count; ++i) {
    kept.emplace(i, time_of(i));
    const uint32_t removed = thinning.add(i, time_of(i));
    if (removed != Thinning::kNone) REQUIRE(kept.erase(removed) == 1);
    REQUIRE(kept.size() == std::min(most, i + 1));
    REQUIRE(kept.count(0) == 1);
    REQUIRE(kept.count(i) == 1);
  }
  return kept;
}

uint64_t every_minute(uint32_t number) { return (number + 1) * kMinute; }

}  // namespace

TEST_CASE("without a number to keep, all stay") {
  Thinning thinning{};
  REQUIRE(thinning.keep(0));
  CHECK_FALSE(thinning.active());
  for (uint32_t i = 0; i < 1000; ++i) CHECK(thinning.add(i, i) == Thinning::kNone);
}

TEST_CASE("of a week of minutes, the gaps that stay grow with their age") {
  const Kept kept = keep(200, 7 * 24 * 60, every_minute);
  const uint64_t now = kept.rbegin()->second;
  uint64_t before = 0;
  double widest = 0;  // as a part of the age, of what is older than an hour
  for (const auto& [number, time] : kept) {
    const uint64_t age = now - time;
    if (before != 0 && age > 60 * kMinute) {
      widest = std::max(widest, static_cast<double>(time - before) / static_cast<double>(age));
    }
    before = time;
  }
  // 200 gaps of equal part over a week of minutes would be a twentieth each.
  CHECK(widest < 0.25);
  const auto younger = std::count_if(
      kept.begin(), kept.end(), [&](const auto& each) { return now - each.second < 20 * kMinute; });
  CHECK(younger >= 10);
}

TEST_CASE("a snapshot stays as long as another cannot be read without it") {
  for (const uint32_t most : {4u, 5u, 9u, 40u, 200u}) {
    Thinning thinning{};
    REQUIRE(thinning.keep(most));
    std::map<uint32_t, uint32_t> bases;  // of those that are kept
    uint32_t base = Thinning::kNone;
    uint32_t chain = 0;
    for (uint32_t i = 0; i < 3000; ++i) {
      // Every few snapshots a new base, which needs the one before unless the chain is long enough.
      const uint32_t its_base =
          i % 7 == 0 && chain >= thinning.longest_chain() ? Thinning::kNone : base;
      bases.emplace(i, its_base);
      const uint32_t removed = thinning.add(i, every_minute(i), its_base);
      if (i % 7 == 0) {
        chain = its_base == Thinning::kNone ? 1 : chain + 1;
        base = i;
      }
      if (removed != Thinning::kNone) REQUIRE(bases.erase(removed) == 1);
      REQUIRE(bases.size() == std::min(most, i + 1));
      for (const auto& [number, needed] : bases) {
        REQUIRE((needed == Thinning::kNone || bases.count(needed) == 1));
      }
    }
  }
}

TEST_CASE("snapshots of one moment, and after long pauses, are thinned too") {
  keep(4, 500, [](uint32_t) { return kMinute; });
  keep(5, 500, [](uint32_t number) { return number / 7 * kMinute + number; });
  keep(30, 64, [](uint32_t number) { return uint64_t{1} << std::min(number, 63u); });
}

TEST_CASE("another recording begins with nothing kept") {
  Thinning thinning{};
  REQUIRE(thinning.keep(4));
  for (uint32_t i = 0; i < 4; ++i) CHECK(thinning.add(i, every_minute(i)) == Thinning::kNone);
  thinning.clear();
  for (uint32_t i = 0; i < 4; ++i) CHECK(thinning.add(i, every_minute(i)) == Thinning::kNone);
  CHECK(thinning.add(4, every_minute(4)) != Thinning::kNone);
}

}  // namespace silt::snapshot
