// SPDX-License-Identifier: Apache-2.0
//
// Live blocks by stack and generation, as the tables have them.

#include "interposer/snapshot/live_counts.h"

#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <vector>

#include "interposer/base/memory.h"
#include "interposer/track/recorder.h"

namespace silt::snapshot {
namespace {

using track::Block;
using track::recorder;

constexpr uint64_t kHeap = 0x6000'0000'0000;

}  // namespace

TEST_CASE("live blocks are summed by stack and generation, in order of generations") {
  recorder.live.set_granule_shift(5);
  std::mt19937_64 random(22);
  constexpr uint32_t kNodes = 6000;
  std::map<std::pair<uint32_t, uint32_t>, std::pair<uint64_t, uint64_t>> model;
  std::vector<uint64_t> addresses;
  for (uint64_t i = 0; i < 50'000; ++i) {
    // One stack has blocks of every generation; some are too new to be in the snapshot.
    const auto stack = static_cast<uint32_t>(i % 100 == 0 ? 17 : 1 + random() % (kNodes + 100));
    const auto generation = static_cast<uint8_t>(i % 100 == 0 ? i / 100 : random() % 5);
    const uint64_t size = random() % 10 == 0 ? random() % (uint64_t{1} << 34) : random() % 500;
    const uint64_t address = kHeap + 128 * i;
    REQUIRE(recorder.live.insert(address, Block{track::StackId{stack}, generation, size}));
    addresses.push_back(address);
    if (stack >= kNodes) continue;
    ++model[{stack, generation}].first;
    model[{stack, generation}].second += size;
  }
  {
    const uint64_t mapped = base::mapped_bytes();
    uint64_t wrong = 0;
    {
      LiveCounts counts;
      REQUIRE(counts.gather(kNodes));
      LiveCounts::Count found[256];
      for (uint32_t stack = 0; stack < kNodes; ++stack) {
        const uint32_t size = counts.of_stack(track::StackId{stack}, found);
        uint32_t previous = 0;
        for (uint32_t i = 0; i < size; ++i) {
          const uint32_t generation = found[i].key & 0xff;
          wrong += i > 0 && generation <= previous ? 1 : 0;
          previous = generation;
          const auto expected = model.find({stack, generation});
          wrong += expected == model.end() || expected->second.first != found[i].blocks ||
                           expected->second.second != found[i].bytes
                       ? 1
                       : 0;
          if (expected != model.end()) model.erase(expected);
        }
      }
      CHECK(counts.of_stack(track::StackId{17}, found) == 256);
    }
    CHECK(wrong == 0);
    CHECK(model.empty());
    CHECK(base::mapped_bytes() == mapped);
  }
  for (const uint64_t address : addresses) recorder.live.take(address);
}

TEST_CASE("empty tables give no counts") {
  LiveCounts counts;
  REQUIRE(counts.gather(10));
  LiveCounts::Count found[256];
  for (uint32_t stack = 0; stack < 10; ++stack)
    CHECK(counts.of_stack(track::StackId{stack}, found) == 0);
}

TEST_CASE("a mapping with a hole is one block, with the bytes of both parts") {
  recorder.mappings.insert(track::MappingRange{0x10000, 0x20000, track::StackId{3}, 9, true});
  recorder.mappings.remove(0x14000, 0x15000);
  LiveCounts counts;
  REQUIRE(counts.gather(10));
  LiveCounts::Count found[256];
  REQUIRE(counts.of_stack(track::StackId{3}, found) == 1);
  CHECK((found[0].key & 0xff) == 9);
  CHECK(found[0].blocks == 1);
  CHECK(found[0].bytes == 0xf000);
  recorder.mappings.remove(0, UINT64_MAX);
}

}  // namespace silt::snapshot
