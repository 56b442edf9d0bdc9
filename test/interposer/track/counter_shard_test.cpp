// SPDX-License-Identifier: Apache-2.0
//
// Pages of counters go back to the kernel when nothing is left in them, and no count is lost with
// them. (counters_test.cpp has what shards count.)

#include "interposer/track/counter_shard.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "interposer/track/counters.h"

namespace silt::track {

TEST_CASE("a page in which all is 0 leaves, unless somebody counts in it again") {
  auto counters = std::make_unique<Counters>();
  constexpr uint32_t kFirst = CounterShard::kPageStacks;
  CounterShard& shard = counters->shard(2);
  const auto leaving = [](StackId stack) { return index_of(stack) == kFirst + 5; };
  REQUIRE(shard.add_owned(StackId{kFirst + 5}, 1, 10));
  REQUIRE(shard.add_owned(StackId{kFirst + 6}, 1, 20));

  counters->mark_idle(StackId{kFirst}, leaving);  // one stays
  counters->give_back_idle_pages(StackId{kFirst});
  CHECK(shard.read(StackId{kFirst + 6}).bytes == 20);

  shard.empty(StackId{kFirst + 6});
  counters->mark_idle(StackId{kFirst}, leaving);
  CHECK(shard.read(StackId{kFirst + 5}).bytes == 10);  // read as before
  counters->give_back_idle_pages(StackId{kFirst});     // it was not moved
  CHECK(shard.read(StackId{kFirst + 5}).bytes == 10);

  shard.empty(StackId{kFirst + 5});
  counters->mark_idle(StackId{kFirst}, leaving);
  REQUIRE(shard.add_owned(StackId{kFirst + 7}, 1, 30));
  shard.empty(StackId{kFirst + 7});
  counters->give_back_idle_pages(StackId{kFirst});  // counted in: the mark is gone
  CHECK(shard.has_page_of(StackId{kFirst}));

  counters->mark_idle(StackId{kFirst}, leaving);
  counters->give_back_idle_pages(StackId{kFirst});
  CHECK_FALSE(shard.has_page_of(StackId{kFirst}));
  REQUIRE(shard.add_owned(StackId{kFirst + 8}, 2, 40));
  CHECK(shard.read(StackId{kFirst + 8}).bytes == 40);
  CHECK(shard.read(StackId{kFirst + 7}).bytes == 0);
}

// As folding does it: between the mark and giving back each thread is seen outside of counting.
TEST_CASE("pages that leave and come again beside threads that count lose no count") {
  auto counters = std::make_unique<Counters>();
  constexpr uint32_t kFirst = CounterShard::kPageStacks;
  constexpr unsigned kThreads = 3;
  constexpr unsigned kRounds = 300;
  std::atomic<bool> done{false};
  std::atomic<unsigned> rounds_seen[kThreads]{};
  std::atomic<unsigned> round{0};
  std::atomic<uint64_t> counted{0};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      CounterShard& shard = counters->shard(t == 0 ? 0 : Counters::kSharedShard);
      std::mt19937 random(t);
      while (!done.load()) {
        rounds_seen[t].store(round.load());
        if (random() % 4 != 0) {
          std::this_thread::yield();
          continue;
        }
        const StackId stack{kFirst + (t == 0 ? 0u : 1u)};
        if (t == 0)
          shard.add_owned(stack, 1, 10);
        else
          shard.add_shared(stack, 1, 10);
        counted.fetch_add(1);
      }
    });
  }
  const auto nobody = [](StackId) { return false; };
  uint64_t gone = 0;
  for (unsigned r = 1; r <= kRounds; ++r) {
    counters->mark_idle(StackId{kFirst}, nobody);
    round.store(r);
    for (std::atomic<unsigned>& seen : rounds_seen) {
      while (seen.load() != r) std::this_thread::yield();
    }
    counters->give_back_idle_pages(StackId{kFirst});
    // Takes out what was counted, as far as it is certain that nobody writes: the shared shard's.
    const Allocated shared = counters->shard(Counters::kSharedShard).read(StackId{kFirst + 1});
    counters->shard(Counters::kSharedShard)
        .add_shared(StackId{kFirst + 1}, -shared.blocks, -shared.bytes);
    gone += shared.blocks;
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(gone + counters->read(StackId{kFirst}).blocks +
            counters->read(StackId{kFirst + 1}).blocks ==
        counted.load());
}

}  // namespace silt::track
