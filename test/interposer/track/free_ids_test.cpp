// SPDX-License-Identifier: Apache-2.0
//
// Ids that are used again: each is handed out once, the first ones first, and a page's are all
// withdrawn or none.

#include "interposer/track/free_ids.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <set>
#include <thread>
#include <vector>

namespace silt::track {
namespace {

constexpr uint32_t kLimit = 100'000;

void put(FreeIds& ids, uint32_t id) {
  REQUIRE(ids.has_room_for(id));
  ids.put(id);
}

}  // namespace

TEST_CASE("where there are none, none is taken") {
  const auto ids = std::make_unique<FreeIds>();
  CHECK(ids->count() == 0);
  CHECK_FALSE(ids->take(5));
  CHECK(ids->take_first(kLimit) == 0);
}

TEST_CASE("an id that was put is taken once, by its number or as the first") {
  const auto ids = std::make_unique<FreeIds>();
  for (const uint32_t id : {700u, 64u, 65u, 3u, 9000u}) put(*ids, id);
  CHECK(ids->count() == 5);
  CHECK(ids->take(65));
  CHECK_FALSE(ids->take(65));
  CHECK_FALSE(ids->take(66));
  CHECK(ids->take_first(kLimit) == 3);
  CHECK(ids->take_first(kLimit) == 64);
  put(*ids, 5);  // before where the last one was found
  CHECK(ids->take_first(kLimit) == 5);
  CHECK(ids->take_first(kLimit) == 700);
  CHECK(ids->take_first(kLimit) == 9000);
  CHECK(ids->take_first(kLimit) == 0);
  CHECK(ids->count() == 0);
}

TEST_CASE("threads that take at once never get the same one") {
  const auto ids = std::make_unique<FreeIds>();
  for (uint32_t id = 1; id <= 20'000; ++id) put(*ids, id);
  constexpr int kThreads = 4;
  std::vector<std::vector<uint32_t>> taken(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      // One that finds none may have been looking behind the others: nobody puts any meanwhile.
      for (int misses = 0; misses < 100;) {
        const uint32_t id = ids->take_first(kLimit);
        if (id == 0) {
          ++misses;
        } else {
          taken[static_cast<size_t>(t)].push_back(id);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<uint32_t> all;
  size_t number = 0;
  for (const auto& some : taken) {
    all.insert(some.begin(), some.end());
    number += some.size();
  }
  CHECK(number == 20'000);
  CHECK(all.size() == 20'000);
  CHECK(ids->count() == 0);
}

TEST_CASE("a page is withdrawn whole, or stays as it was") {
  const auto ids = std::make_unique<FreeIds>();
  constexpr uint32_t kFirst = 256;
  for (uint32_t id = kFirst; id < kFirst + 128; ++id) {
    if (id != kFirst + 70) put(*ids, id);
  }
  uint64_t others[2] = {};
  CHECK(ids->bits(kFirst) == UINT64_MAX);
  CHECK(ids->bits(kFirst + 64) == ~(uint64_t{1} << 6));
  CHECK_FALSE(ids->withdraw(kFirst, others, 2));  // one was taken
  CHECK(ids->count() == 127);
  CHECK(ids->bits(kFirst) == UINT64_MAX);
  others[1] = uint64_t{1} << 6;
  CHECK(ids->withdraw(kFirst, others, 2));
  CHECK(ids->count() == 0);
  CHECK(ids->take_first(kLimit) == 0);
  ids->put_all(kFirst, 128);
  CHECK(ids->count() == 128);
  CHECK(ids->take_first(kLimit) == kFirst);
}

}  // namespace silt::track
