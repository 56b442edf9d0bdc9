// SPDX-License-Identifier: Apache-2.0
//
// Which code lies where: what comes to lie in a place ends what lay there, and however much comes
// and goes, no more is kept than what can lie side by side.

#include "interposer/runtime/nodejs/code_places.h"

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <random>
#include <vector>

namespace silt::nodejs {
namespace {

const auto kIgnored = [](uint32_t) {};

}  // namespace

TEST_CASE("code is found by its start alone, with its name, owner and size") {
  const auto places = std::make_unique<CodePlaces>();
  CHECK(places->find(0x1000) == nullptr);
  REQUIRE(places->put(0x1000, 320, 7, 2, kIgnored));
  const CodePlaces::Place* const place = places->find(0x1000);
  REQUIRE(place != nullptr);
  CHECK(place->name.load() == 7);
  CHECK(place->owner == 2);
  CHECK(place->size == 320);
  CHECK(places->find(0x1020) == nullptr);
  CHECK(places->count() == 1);
}

TEST_CASE("code that is added ends whatever began where it lies, and nothing else") {
  const auto places = std::make_unique<CodePlaces>();
  std::vector<uint32_t> dropped;
  const auto note = [&](uint32_t name) { dropped.push_back(name); };
  REQUIRE(places->put(0x1000, 64, 1, 0, note));
  REQUIRE(places->put(0x1040, 64, 2, 0, note));
  REQUIRE(places->put(0x1080, 64, 3, 0, note));
  CHECK(dropped.empty());
  REQUIRE(places->put(0x1040, 65, 4, 0, note));  // a byte into the third
  CHECK(dropped == std::vector<uint32_t>{2, 3});
  CHECK(places->find(0x1000)->name.load() == 1);
  CHECK(places->find(0x1040)->name.load() == 4);
  CHECK(places->find(0x1080) == nullptr);
  CHECK(places->count() == 2);
}

TEST_CASE("what was dropped is gone and its place can be taken again") {
  const auto places = std::make_unique<CodePlaces>();
  uint32_t last = 0;
  REQUIRE(places->put(0x2000, 32, 5, 0, kIgnored));
  places->drop(places->find(0x2000), [&](uint32_t name) { last = name; });
  CHECK(last == 5);
  CHECK(places->find(0x2000) == nullptr);
  REQUIRE(places->put(0x2000, 32, 6, 0, kIgnored));
  CHECK(places->find(0x2000)->name.load() == 6);
}

TEST_CASE("a program that compiles without end needs room for what lies side by side only") {
  const auto places = std::make_unique<CodePlaces>();
  std::map<uint64_t, std::pair<uint32_t, uint32_t>> truth;  // start -> name, size
  std::mt19937_64 random(3);
  constexpr uint64_t kBase = 0x10'0000;
  constexpr uint64_t kGranules = 4096;
  uint32_t wrong = 0;
  uint64_t bytes = 0;
  for (uint32_t name = 1; name <= 60'000; ++name) {
    const uint64_t start = kBase + 32 * (random() % kGranules);
    const auto size = static_cast<uint32_t>(1 + random() % 400);
    std::vector<uint32_t> expected;
    for (auto at = truth.lower_bound(start); at != truth.end() && at->first < start + size;) {
      expected.push_back(at->second.first);
      at = truth.erase(at);
    }
    truth[start] = {name, size};
    std::vector<uint32_t> dropped;
    REQUIRE(places->put(start, size, name, 0, [&](uint32_t gone) { dropped.push_back(gone); }));
    wrong += dropped != expected ? 1 : 0;
    if (name == 30'000) bytes = places->mapped_bytes();
  }
  CHECK(wrong == 0);
  CHECK(places->count() == truth.size());
  CHECK(places->mapped_bytes() == bytes);
  uint64_t seen = 0;
  places->for_each([&](CodePlaces::Place& place) {
    const auto known = truth.find(place.start.load());
    if (known != truth.end() && known->second.first == place.name.load()) ++seen;
  });
  CHECK(seen == truth.size());
}

}  // namespace silt::nodejs
