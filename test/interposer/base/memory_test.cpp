// SPDX-License-Identifier: Apache-2.0
//
// Mapped memory and the array that grows by chunks: zeroed, counted, and the same for every thread
// however many ask for the same new chunk at once.

#include "interposer/base/memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <iterator>
#include <memory>
#include <thread>
#include <vector>

namespace silt::base {
namespace {

using SmallArray = ChunkedArray<std::atomic<uint64_t>, 512, 64>;

}  // namespace

TEST_CASE("mapped memory is zeroed and counted until it is given back") {
  const uint64_t before = mapped_bytes();
  auto* const bytes = static_cast<unsigned char*>(map_memory(100'000));
  REQUIRE(bytes != nullptr);
  CHECK(mapped_bytes() == before + 100'000);
  unsigned sum = 0;
  for (size_t i = 0; i < 100'000; ++i) sum += bytes[i];
  CHECK(sum == 0);
  bytes[99'999] = 1;
  unmap_memory(bytes, 100'000);
  CHECK(mapped_bytes() == before);
}

TEST_CASE("populated memory is zeroed and has its pages before they are touched") {
  constexpr size_t kSize = 40 * kPageSize + 100;
  const uint64_t before = mapped_bytes();
  auto* const memory = static_cast<unsigned char*>(map_populated_memory(kSize));
  REQUIRE(memory != nullptr);
  CHECK(mapped_bytes() == before + kSize);
  unsigned char resident[41] = {};
  REQUIRE(mincore(memory, kSize, resident) == 0);
  CHECK(std::all_of(std::begin(resident), std::end(resident),
                    [](unsigned char page) { return (page & 1) != 0; }));
  CHECK(std::all_of(memory, memory + kSize, [](unsigned char byte) { return byte == 0; }));
  unmap_memory(memory, kSize);
  CHECK(mapped_bytes() == before);
}

TEST_CASE("what the kernel refuses is a nullptr and is not counted") {
  const uint64_t before = mapped_bytes();
  CHECK(map_memory(size_t{1} << 60) == nullptr);
  CHECK(map_memory(0) == nullptr);
  CHECK(mapped_bytes() == before);
}

TEST_CASE("an array finds only what was ensured") {
  auto array = std::make_unique<SmallArray>();
  CHECK(array->find(0) == nullptr);
  CHECK(array->find(SmallArray::kCapacity - 1) == nullptr);
  std::atomic<uint64_t>* const element = array->ensure(1000);
  REQUIRE(element != nullptr);
  CHECK(element->load() == 0);
  CHECK(array->find(1000) == element);
  CHECK(&(*array)[1000] == element);
  CHECK(array->find(512) == element - (1000 - 512));  // the same chunk
  CHECK(array->find(511) == nullptr);
  CHECK(array->find(1024) == nullptr);
}

TEST_CASE("indices past the capacity are refused") {
  auto array = std::make_unique<SmallArray>();
  CHECK(array->ensure(SmallArray::kCapacity - 1) != nullptr);
  for (const size_t index : {SmallArray::kCapacity, SmallArray::kCapacity + 1, SIZE_MAX}) {
    CHECK(array->find(index) == nullptr);
    CHECK(array->ensure(index) == nullptr);
  }
}

TEST_CASE("threads that race for new chunks all get the same elements") {
  for (int round = 0; round < 20; ++round) {
    const uint64_t mapped_before = mapped_bytes();
    auto array = std::make_unique<SmallArray>();
    constexpr int kThreads = 4;
    std::atomic<int> ready{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        ready.fetch_add(1);
        while (ready.load() != kThreads) std::this_thread::yield();
        for (size_t i = 0; i < SmallArray::kCapacity; i += 64) {
          array->ensure(i)->fetch_add(1, std::memory_order_relaxed);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    uint64_t wrong = 0;
    for (size_t i = 0; i < SmallArray::kCapacity; ++i) {
      wrong += array->find(i)->load() != (i % 64 == 0 ? kThreads : 0) ? 1 : 0;
    }
    REQUIRE(wrong == 0);
    // Chunks that lost the race were given back.
    REQUIRE(mapped_bytes() - mapped_before == SmallArray::kCapacity * sizeof(uint64_t));
    for (size_t i = 0; i < SmallArray::kCapacity; i += 512) {
      unmap_memory(array->find(i), 512 * sizeof(uint64_t));
    }
  }
}

TEST_CASE("tables get memory up to the limit, exact recording up to seven eighths of it") {
  constexpr uint64_t kPart = 1 << 20;
  const uint64_t before = mapped_bytes();
  CHECK(exact_recording_fits(uint64_t{1} << 50));
  set_memory_limit(before + 8 * kPart);
  CHECK_FALSE(exact_recording_fits(8 * kPart));
  CHECK(map_within_limit(9 * kPart) == nullptr);
  void* const part = map_within_limit(8 * kPart);
  CHECK(part != nullptr);
  CHECK(map_within_limit(kPart) == nullptr);
  CHECK_FALSE(exact_recording_fits(0));
  void* const other = map_memory(kPart);  // what cannot do without
  CHECK(other != nullptr);
  set_memory_limit(0);
  unmap_memory(other, kPart);
  unmap_memory(part, 8 * kPart);
  CHECK(mapped_bytes() == before);
}

}  // namespace silt::base
