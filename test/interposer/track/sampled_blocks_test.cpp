// SPDX-License-Identifier: Apache-2.0
//
// The sampled blocks against a model; the filter in front may ask once too often, never once too
// little.

#include "interposer/track/sampled_blocks.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <thread>
#include <unordered_map>
#include <vector>

namespace silt::track {
namespace {

constexpr uint64_t kHeap = 0x5555'5555'0000;

std::unique_ptr<SampledBlocks> make() {
  auto blocks = std::make_unique<SampledBlocks>();
  REQUIRE(blocks->initialize());
  return blocks;
}

}  // namespace

TEST_CASE("nothing was sampled at first") {
  auto blocks = make();
  CHECK_FALSE(blocks->perhaps(kHeap));
  CHECK(blocks->take(kHeap).stack == kNoStack);
}

TEST_CASE("500,000 random samples and frees agree with a model") {
  auto blocks = make();
  std::mt19937_64 random(12);
  std::unordered_map<uint64_t, SampledBlock> model;
  uint64_t wrong = 0;
  uint64_t asked_in_vain = 0;
  for (int i = 0; i < 500'000; ++i) {
    // Waves, so that the table grows, fills with gone entries, and is made anew.
    const uint64_t address = kHeap + 16 * (random() % (i % 100'000 < 50'000 ? 20'000 : 500));
    const auto known = model.find(address);
    if (known == model.end() && random() % 4 != 0) {
      const SampledBlock block{random() % 1000, static_cast<StackId>(1 + random() % 1000),
                               static_cast<uint32_t>(random()), static_cast<uint8_t>(random())};
      wrong += blocks->insert(address, block) ? 0 : 1;
      model[address] = block;
      continue;
    }
    const bool perhaps = blocks->perhaps(address);
    if (known == model.end()) {
      asked_in_vain += perhaps ? 1 : 0;
      wrong += blocks->take(address).stack != kNoStack ? 1 : 0;
      continue;
    }
    wrong += perhaps ? 0 : 1;
    const SampledBlock block = blocks->take(address);
    wrong += block.stack != known->second.stack || block.weight != known->second.weight ||
                     block.size_bytes != known->second.size_bytes ||
                     block.generation != known->second.generation
                 ? 1
                 : 0;
    model.erase(known);
  }
  CHECK(wrong == 0);
  CHECK(asked_in_vain < 50'000);
  uint64_t live = 0;
  uint64_t weights = 0;
  blocks->scan([&](const SampledBlock& block) {
    ++live;
    weights += block.weight;
  });
  CHECK(live == model.size());
  for (const auto& [address, block] : model) weights -= block.weight;
  CHECK(weights == 0);
}

TEST_CASE("an address that is sampled again before its free was seen counts once") {
  auto blocks = make();
  blocks->insert(kHeap, SampledBlock{1, StackId{1}, 1, 0});
  blocks->insert(kHeap, SampledBlock{2, StackId{2}, 2, 0});
  uint64_t live = 0;
  blocks->scan([&](const SampledBlock&) { ++live; });
  CHECK(live == 1);
  CHECK(blocks->take(kHeap).stack == StackId{2});
  CHECK(blocks->take(kHeap).stack == kNoStack);
  CHECK_FALSE(blocks->perhaps(kHeap));
}

TEST_CASE("a bucket that more samples met than it can count is right for ever") {
  auto blocks = make();
  // Steps of a Fibonacci number hardly move a Fibonacci hash: all of these share a bucket or two.
  constexpr uint64_t kStep = 16 * uint64_t{102334155};
  constexpr unsigned kCount = 2000;
  for (unsigned i = 0; i < kCount; ++i) {
    REQUIRE(blocks->insert(kHeap + i * kStep, SampledBlock{1, StackId{i + 1}, 1, 0}));
  }
  for (unsigned i = 0; i < kCount; ++i) {
    REQUIRE(blocks->perhaps(kHeap + i * kStep));
    REQUIRE(blocks->take(kHeap + i * kStep).stack == StackId{i + 1});
  }
  for (unsigned i = 0; i < kCount; ++i) {
    REQUIRE(blocks->insert(kHeap + i * kStep, SampledBlock{1, StackId{i + 1}, 1, 0}));
    REQUIRE(blocks->perhaps(kHeap + i * kStep));
    REQUIRE(blocks->take(kHeap + i * kStep).stack == StackId{i + 1});
  }
}

TEST_CASE("threads sample and free each other's blocks, and every one is taken once") {
  auto blocks = make();
  constexpr unsigned kThreads = 4;
  std::vector<std::atomic<uint64_t>> boxes(64);
  std::atomic<uint64_t> taken{0};
  std::atomic<uint64_t> missed{0};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937_64 random(t);
      for (uint64_t i = 0; i < 20'000; ++i) {
        const uint64_t address = kHeap + (uint64_t{t} << 32) + 16 * i;
        blocks->insert(address, SampledBlock{i, StackId{t + 1}, 1, 0});
        const uint64_t other = boxes[random() % boxes.size()].exchange(address);
        if (other == 0) continue;
        if (blocks->perhaps(other) && blocks->take(other).stack != kNoStack)
          taken.fetch_add(1);
        else
          missed.fetch_add(1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  uint64_t live = 0;
  blocks->scan([&](const SampledBlock&) { ++live; });
  CHECK(missed == 0);
  CHECK(taken + live == kThreads * 20'000);
}

TEST_CASE("cleared, it knows no sample, and takes new ones") {
  auto blocks = make();
  for (uint64_t i = 0; i < 3000; ++i) {
    REQUIRE(blocks->insert(kHeap + i * 32, SampledBlock{100, StackId{7}, 1, 0}));
  }
  blocks->clear();
  uint64_t known = 0;
  for (uint64_t i = 0; i < 3000; ++i) known += blocks->perhaps(kHeap + i * 32) ? 1 : 0;
  CHECK(known == 0);
  CHECK(blocks->take(kHeap).stack == kNoStack);
  REQUIRE(blocks->insert(kHeap, SampledBlock{64, StackId{9}, 2, 1}));
  CHECK(blocks->perhaps(kHeap));
  CHECK(blocks->take(kHeap).size_bytes == 64);
}

}  // namespace silt::track
