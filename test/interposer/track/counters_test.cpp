// SPDX-License-Identifier: Apache-2.0
//
// Counters: sums over owned and shared shards are exact once the threads have ended, and only grow
// while they run.

#include "interposer/track/counters.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace silt::track {

TEST_CASE("a stack that nobody counted reads as zero") {
  auto counters = std::make_unique<Counters>();
  CHECK(counters->read(StackId{1}).blocks == 0);
  CHECK(counters->read(StackId{UINT32_MAX}).bytes == 0);
}

TEST_CASE("shards are summed") {
  auto counters = std::make_unique<Counters>();
  for (uint32_t i = 0; i < Counters::kOwnedShards; ++i) {
    REQUIRE(counters->shard(i).add_owned(StackId{9}, 1, 100 + i));
  }
  REQUIRE(counters->shard(Counters::kSharedShard).add_shared(StackId{9}, 3, 1000));
  REQUIRE(counters->shard(0).add_owned(StackId{10}, 7, 7));
  CHECK(counters->read(StackId{9}).blocks == Counters::kOwnedShards + 3);
  CHECK(counters->read(StackId{9}).bytes == Counters::kOwnedShards * 100 + 105 + 1000);
  CHECK(counters->read(StackId{10}).blocks == 7);
  CHECK(counters->read(StackId{8}).blocks == 0);
}

TEST_CASE("a stack id past all bits is refused") {
  auto counters = std::make_unique<Counters>();
  CHECK(counters->shard(0).add_owned(StackId{(1u << kStackIdBits) - 1}, 1, 1));
  CHECK_FALSE(counters->shard(0).add_owned(StackId{1u << kStackIdBits}, 1, 1));
  CHECK_FALSE(counters->shard(Counters::kSharedShard).add_shared(StackId{UINT32_MAX}, 1, 1));
}

TEST_CASE("threads in owned and shared shards are counted exactly") {
  auto counters = std::make_unique<Counters>();
  constexpr unsigned kStacks = 5000;  // more than a chunk
  constexpr unsigned kAdds = 100'000;
  constexpr unsigned kOwned = 3;
  constexpr unsigned kShared = 3;
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < kOwned + kShared; ++t) {
    threads.emplace_back([&, t] {
      CounterShard& shard = counters->shard(t < kOwned ? t : Counters::kSharedShard);
      std::mt19937 random(t);
      for (unsigned i = 0; i < kAdds; ++i) {
        const auto stack = static_cast<uint32_t>(1 + random() % kStacks);
        if (t < kOwned)
          shard.add_owned(StackId{stack}, 1, stack);
        else
          shard.add_shared(StackId{stack}, 1, stack);
      }
    });
  }
  uint64_t shrunk = 0;
  std::thread reader([&] {
    uint64_t before = 0;
    while (!done.load()) {
      uint64_t sum = 0;
      for (uint32_t stack = 1; stack <= kStacks; ++stack)
        sum += counters->read(StackId{stack}).blocks;
      if (sum < before) ++shrunk;
      before = sum;
    }
  });
  for (std::thread& thread : threads) thread.join();
  done = true;
  reader.join();
  CHECK(shrunk == 0);
  uint64_t blocks = 0;
  uint64_t wrong = 0;
  for (uint32_t stack = 1; stack <= kStacks; ++stack) {
    const Allocated sum = counters->read(StackId{stack});
    blocks += sum.blocks;
    wrong += sum.bytes != sum.blocks * stack ? 1 : 0;
  }
  CHECK(blocks == (kOwned + kShared) * kAdds);
  CHECK(wrong == 0);
}

TEST_CASE(
    "what is moved counts at its caller, and an id that is used again begins at 0 everywhere") {
  auto counters = std::make_unique<Counters>();
  REQUIRE(counters->shard(0).add_owned(StackId{9}, 3, 300));
  REQUIRE(counters->shard(Counters::kSharedShard).add_shared(StackId{9}, 4, 400));
  REQUIRE(counters->move(StackId{9}, StackId{2}));
  CHECK(counters->read(StackId{2}).bytes == 700);
  REQUIRE(counters->shard(1).add_owned(StackId{9}, 1, 10));
  CHECK(counters->read(StackId{9}).bytes == 10);
  CHECK(counters->shard(0).read(StackId{9}).bytes == 0);
  CHECK(counters->shard(1).read(StackId{9}).bytes == 10);
}

TEST_CASE("counts that begin anew are those since, whoever counted before") {
  auto counters = std::make_unique<Counters>();
  REQUIRE(counters->shard(0).add_owned(StackId{9}, 3, 300));
  REQUIRE(counters->shard(Counters::kSharedShard).add_shared(StackId{9}, 4, 400));
  REQUIRE(counters->shard(1).add_owned(StackId{1000}, 5, 500));
  CHECK(counters->begin_anew(2000));
  CHECK(counters->read(StackId{9}).blocks == 0);
  CHECK(counters->read(StackId{9}).bytes == 0);
  CHECK(counters->read(StackId{1000}).blocks == 0);
  REQUIRE(counters->shard(0).add_owned(StackId{9}, 1, 10));
  CHECK(counters->read(StackId{9}).blocks == 1);
  CHECK(counters->read(StackId{9}).bytes == 10);
  CHECK(counters->begin_anew(2000));
  CHECK(counters->read(StackId{9}).bytes == 0);
}

}  // namespace silt::track
