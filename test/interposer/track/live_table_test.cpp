// SPDX-License-Identifier: Apache-2.0
//
// The live table against a model, for allocators of both densities; sizes at every border; and
// scans while other threads allocate and free, which must never pair one block's stack with
// another's size.

#include "interposer/track/live_table.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace silt::track {
namespace {

std::unique_ptr<LiveTable> make(unsigned granule_shift) {
  auto table = std::make_unique<LiveTable>();
  table->set_granule_shift(granule_shift);
  return table;
}

struct Sums {
  uint64_t blocks = 0;
  uint64_t bytes = 0;
  uint64_t stacks = 0;
  uint64_t generations = 0;

  void add(const Block& block) {
    ++blocks;
    bytes += block.size_bytes;
    stacks += index_of(block.stack);
    generations += block.generation;
  }
  bool operator==(const Sums&) const = default;
};

Sums scan(LiveTable& table) {
  Sums sums;
  table.scan([&](const Block& block) { sums.add(block); });
  return sums;
}

bool equal(const Block& a, const Block& b) {
  return a.stack == b.stack && a.generation == b.generation && a.size_bytes == b.size_bytes;
}

constexpr uint64_t kHeap = 0x7f12'3450'0000;
constexpr uint64_t kLeaf = uint64_t{1} << 20;

}  // namespace

TEST_CASE("an address that was never recorded is no block") {
  auto table = make(5);
  CHECK(table->take(kHeap).stack == kNoStack);
  CHECK(table->take(0).stack == kNoStack);
  CHECK(table->take(UINT64_MAX & ~uint64_t{7}).stack == kNoStack);
  CHECK(scan(*table).blocks == 0);
}

TEST_CASE("a block is taken once, with everything that was recorded") {
  for (const unsigned shift : {4u, 5u}) {
    auto table = make(shift);
    for (const uint64_t size :
         {uint64_t{0}, uint64_t{1}, uint64_t{65533}, uint64_t{65534}, uint64_t{65535},
          uint64_t{65536}, uint64_t{1} << 20, (uint64_t{1} << 32) - 1, uint64_t{1} << 32,
          (uint64_t{1} << 32) + 5, uint64_t{0x7fff'ffff'ffff}}) {
      for (const uint64_t address : {kHeap, kHeap + 16, kHeap + kLeaf - 32, kHeap + kLeaf - 16,
                                     uint64_t{16}, (uint64_t{1} << 47) - 32}) {
        const Block block{StackId{0xffffff}, 255, size};
        REQUIRE(table->insert(address, block));
        Sums sums;
        sums.add(block);
        REQUIRE(scan(*table) == sums);
        REQUIRE(equal(table->take(address), block));
        REQUIRE(table->take(address).stack == kNoStack);
        REQUIRE(scan(*table).blocks == 0);
      }
    }
  }
}

TEST_CASE("addresses outside user space are refused") {
  auto table = make(5);
  CHECK_FALSE(table->insert(uint64_t{1} << 47, Block{StackId{1}, 1, 1}));
  CHECK_FALSE(table->insert(0xffff'8000'0000'0000, Block{StackId{1}, 1, 1}));
  CHECK(table->take(0xffff'8000'0000'0000).stack == kNoStack);
}

TEST_CASE("blocks as close as the allocator puts them do not meet") {
  // glibc: 32 bytes apart, at addresses of either half of a granule.
  auto glibc = make(5);
  for (uint64_t i = 0; i < 1000; ++i) {
    REQUIRE(glibc->insert(kHeap + 16 + 32 * i, Block{static_cast<StackId>(i + 1), 0, 24}));
  }
  for (uint64_t i = 0; i < 1000; ++i)
    REQUIRE(glibc->take(kHeap + 16 + 32 * i).stack == StackId{static_cast<uint32_t>(i + 1)});
  // jemalloc and tcmalloc: eight bytes apart, where size classes of eight lie side by side.
  auto dense = make(4);
  for (uint64_t i = 0; i < 1000; ++i) {
    REQUIRE(dense->insert(kHeap + 8 * i, Block{static_cast<StackId>(i + 1), 0, 8}));
  }
  CHECK(scan(*dense).blocks == 1000);
  for (uint64_t i = 0; i < 1000; ++i)
    REQUIRE(dense->take(kHeap + 8 * i).stack == StackId{static_cast<uint32_t>(i + 1)});
}

TEST_CASE("a pointer into a large block takes nothing, and harms nothing") {
  for (const unsigned shift : {4u, 5u}) {
    auto table = make(shift);
    const Block block{StackId{5}, 6, (uint64_t{3} << 32) + 7};
    REQUIRE(table->insert(kHeap, block));
    for (uint64_t i = 1; i < 5; ++i) CHECK(table->take(kHeap + (i << shift)).stack == kNoStack);
    CHECK(equal(table->take(kHeap), block));
  }
}

TEST_CASE("small blocks may stand where a large one was") {
  for (const unsigned shift : {4u, 5u}) {
    auto table = make(shift);
    for (int round = 0; round < 3; ++round) {
      REQUIRE(table->insert(kHeap, Block{StackId{5}, 6, 1'000'000}));
      REQUIRE(table->take(kHeap).size_bytes == 1'000'000);
      for (uint64_t i = 0; i < 5; ++i)
        REQUIRE(table->insert(kHeap + (i << shift), Block{StackId{7}, 8, i}));
      REQUIRE(scan(*table).blocks == 5);
      for (uint64_t i = 0; i < 5; ++i) REQUIRE(table->take(kHeap + (i << shift)).size_bytes == i);
    }
  }
}

TEST_CASE("a million random allocations and frees agree with a model") {
  for (const unsigned shift : {4u, 5u}) {
    auto table = make(shift);
    std::mt19937_64 random(shift);
    const uint64_t grain = shift == 5 ? 16 : 8;
    const uint64_t least = shift == 5 ? 32 : 8;  // distance between blocks
    std::map<uint64_t, Block> model;
    uint64_t wrong = 0;
    for (int i = 0; i < 1'000'000; ++i) {
      const uint64_t near = kHeap + random() % 64 * (kLeaf / 2) + random() % 400 * grain;
      const uint64_t address = near & ~(grain - 1);
      const auto next = model.lower_bound(address);
      if (next != model.end() && next->first == address) {
        wrong += equal(table->take(address), next->second) ? 0 : 1;
        model.erase(next);
        continue;
      }
      // Only a block that an allocator could hand out: it ends before the next one begins.
      const uint64_t room = next == model.end() ? uint64_t{1} << 34 : next->first - address;
      const uint64_t begun =
          next == model.begin()
              ? 0
              : std::prev(next)->first + std::max(std::prev(next)->second.size_bytes, least);
      if (address < begun || room < least) continue;
      uint64_t size = random() % 4 == 0 ? random() >> (30 + random() % 34) : random() % 200;
      size = std::min(size, room);
      const Block block{static_cast<StackId>(1 + random() % 0xfffffe),
                        static_cast<uint8_t>(random()), size};
      wrong += table->insert(address, block) ? 0 : 1;
      model[address] = block;
    }
    CHECK(wrong == 0);
    Sums expected;
    for (const auto& [address, block] : model) expected.add(block);
    CHECK(scan(*table) == expected);
    for (const auto& [address, block] : model) {
      wrong += equal(table->take(address), block) ? 0 : 1;
    }
    CHECK(wrong == 0);
    CHECK(scan(*table).blocks == 0);
  }
}

TEST_CASE("a scan beside allocating threads pairs each stack with its own size") {
  for (const unsigned shift : {4u, 5u}) {
    auto table = make(shift);
    // The size follows from the word, so that a pair that does not belong together shows.
    const auto size_of = [](StackId stack, uint8_t generation) -> uint64_t {
      const uint64_t hash = (uint64_t{index_of(stack)} << 8 | generation) * 0x9e3779b97f4a7c15;
      return hash >> 61 == 0 ? 65'000 + (hash >> 20 & 0x3'ffff'ffff) : hash >> 20 & 0x7fff;
    };
    constexpr int kThreads = 2;
    std::atomic<bool> done{false};
    std::atomic<int> running{0};
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        std::mt19937_64 random(t);
        // Few places, taken and given again at once. Between them is room for all of a large
        // block's cells.
        std::vector<bool> held(64);
        const uint64_t heap = kHeap + t * 16 * kLeaf;
        running.fetch_add(1);
        while (!done.load(std::memory_order_relaxed)) {
          const size_t i = random() % held.size();
          const uint64_t address = heap + i * 128 + (i % 4 == 0 && shift == 4 ? 8 : 0);
          if (held[i]) {
            if (table->take(address).stack == kNoStack) std::abort();
          } else {
            const auto stack = static_cast<StackId>(1 + random() % 1000);
            const auto generation = static_cast<uint8_t>(random() % 4);
            table->insert(address, Block{stack, generation, size_of(stack, generation)});
          }
          held[i] = !held[i];
        }
        for (size_t i = 0; i < held.size(); ++i) {
          if (held[i]) table->take(heap + i * 128 + (i % 4 == 0 && shift == 4 ? 8 : 0));
        }
      });
    }
    while (running.load() != kThreads) std::this_thread::yield();
    uint64_t seen = 0;
    uint64_t torn = 0;
    for (int round = 0; round < 60; ++round) {
      table->scan([&](const Block& block) {
        ++seen;
        if (block.size_bytes != size_of(block.stack, block.generation)) ++torn;
      });
    }
    done = true;
    for (std::thread& thread : threads) thread.join();
    CHECK(torn == 0);
    CHECK(seen > 0);
    CHECK(scan(*table).blocks == 0);
  }
}

TEST_CASE("blocks handed from thread to thread are each taken once") {
  auto table = make(5);
  constexpr unsigned kThreads = 4;
  std::vector<std::atomic<uint64_t>> boxes(16);
  std::atomic<uint64_t> made{0};
  std::atomic<uint64_t> taken{0};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937_64 random(t);
      for (uint64_t i = 0; i < 50'000; ++i) {
        const uint64_t address = kHeap + (uint64_t{t} << 28) + 32 * i;
        table->insert(address, Block{StackId{t + 1}, 0, i % 30});
        made.fetch_add(i % 30 + 1, std::memory_order_relaxed);
        const uint64_t other = boxes[random() % boxes.size()].exchange(address);
        if (other == 0) continue;
        const Block block = table->take(other);
        if (block.stack != kNoStack)
          taken.fetch_add(block.size_bytes + 1, std::memory_order_relaxed);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const Sums left = scan(*table);
  CHECK(left.blocks <= boxes.size());
  CHECK(taken + left.bytes + left.blocks == made);
}

TEST_CASE("a small block is taken at once, a large or unknown one is left as it is") {
  auto table = make(5);
  REQUIRE(table->insert(0x7000'0000, Block{StackId{3}, 0, 100}));
  REQUIRE(table->insert(0x7010'0000, Block{StackId{4}, 0, 1 << 20}));
  CHECK(table->take_small(0x7000'0000));
  CHECK_FALSE(table->take_small(0x7000'0000));
  CHECK_FALSE(table->take_small(0x7000'0040));
  CHECK_FALSE(table->take_small(0x6000'0000));
  CHECK_FALSE(table->take_small(0x7010'0000));
  CHECK(table->take(0x7010'0000).size_bytes == 1 << 20);
}

TEST_CASE("a table that was cleared knows nothing, and goes on") {
  auto table = make(4);
  for (uint64_t i = 0; i < 5000; ++i) {
    REQUIRE(table->insert(0x7000'0000 + i * 4096, Block{StackId{3}, 1, i * 64}));
  }
  REQUIRE(table->insert(0x7000'0008, Block{StackId{5}, 1, 16}));
  table->clear();
  CHECK(scan(*table) == Sums{});
  CHECK(table->take(0x7000'0008).stack == kNoStack);
  REQUIRE(table->insert(0x7000'1000, Block{StackId{7}, 2, 48}));
  CHECK(scan(*table) == Sums{1, 48, 7, 2});
}

}  // namespace silt::track
