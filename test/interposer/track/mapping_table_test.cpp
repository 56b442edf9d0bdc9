// SPDX-License-Identifier: Apache-2.0
//
// Mappings against a model that knows each page: inserted over each other, cut at both ends, split
// in the middle.

#include "interposer/track/mapping_table.h"

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace silt::track {
namespace {

constexpr uint64_t kPage = 4096;

// Sorted, apart, none empty.
bool well_formed(MappingTable& table) {
  const base::SpinGuard guard(table.lock());
  uint64_t end = 0;
  for (uint32_t i = 0; i < table.count(); ++i) {
    const MappingRange& range = table.at(i);
    if (range.start < end || range.end <= range.start) return false;
    end = range.end;
  }
  return true;
}

}  // namespace

TEST_CASE("an empty table has nothing to find or remove") {
  auto table = std::make_unique<MappingTable>();
  MappingRange range;
  CHECK_FALSE(table->find(kPage, &range));
  CHECK_FALSE(table->remove(0, UINT64_MAX));
}

TEST_CASE("a mapping is found from its first byte to its last") {
  auto table = std::make_unique<MappingTable>();
  table->insert(MappingRange{10 * kPage, 20 * kPage, 7, 3, true});
  MappingRange range;
  CHECK_FALSE(table->find(10 * kPage - 1, &range));
  REQUIRE(table->find(10 * kPage, &range));
  CHECK(range.stack == 7);
  CHECK(range.generation == 3);
  CHECK(table->find(20 * kPage - 1, &range));
  CHECK_FALSE(table->find(20 * kPage, &range));
}

TEST_CASE("a hole leaves two parts, of which one counts as the block") {
  auto table = std::make_unique<MappingTable>();
  table->insert(MappingRange{10 * kPage, 20 * kPage, 7, 0, true});
  CHECK(table->remove(12 * kPage, 13 * kPage));
  CHECK_FALSE(table->remove(12 * kPage, 13 * kPage));
  REQUIRE(table->count() == 2);
  CHECK(table->at(0).end == 12 * kPage);
  CHECK(table->at(0).counted);
  CHECK(table->at(1).start == 13 * kPage);
  CHECK_FALSE(table->at(1).counted);
  CHECK(table->remove(0, 11 * kPage));
  CHECK(table->at(0).start == 11 * kPage);
  CHECK(table->at(0).counted);
}

TEST_CASE("200,000 random mappings and unmappings agree with a model of pages") {
  auto table = std::make_unique<MappingTable>();
  std::mt19937_64 random(11);
  constexpr uint64_t kPages = 3000;
  std::vector<StackId> model(kPages, 0);
  StackId next = 1;
  uint64_t wrong = 0;
  for (int i = 0; i < 200'000; ++i) {
    const uint64_t first = random() % kPages;
    const uint64_t last = std::min(kPages, first + 1 + random() % (i % 100 == 0 ? 500 : 12));
    if (random() % 2 == 0) {
      // A stack of its own for each mapping, so that its parts can be told.
      const StackId stack = next++;
      table->insert(MappingRange{first * kPage, last * kPage, stack, 0, true});
      for (uint64_t page = first; page < last; ++page) model[page] = stack;
    } else {
      bool any = false;
      for (uint64_t page = first; page < last; ++page) {
        any = any || model[page] != 0;
        model[page] = 0;
      }
      wrong += table->remove(first * kPage, last * kPage) != any ? 1 : 0;
    }
    const uint64_t page = random() % kPages;
    MappingRange range;
    const bool found = table->find(page * kPage + random() % kPage, &range);
    wrong += found != (model[page] != 0) || (found && range.stack != model[page]) ? 1 : 0;
    if (i % 1000 == 0) {
      wrong += well_formed(*table) ? 0 : 1;
      uint64_t pages = 0;
      std::map<StackId, int> counted;
      for (uint32_t r = 0; r < table->count(); ++r) {
        pages += (table->at(r).end - table->at(r).start) / kPage;
        counted[table->at(r).stack] += table->at(r).counted ? 1 : 0;
      }
      for (const StackId stack : model) pages -= stack != 0 ? 1 : 0;
      wrong += pages;
      for (const auto& [stack, parts] : counted) wrong += parts > 1 ? 1 : 0;
    }
  }
  CHECK(wrong == 0);
  CHECK(table->overflowed() == 0);
}

TEST_CASE("what does not fit is counted and the table stays whole") {
  auto table = std::make_unique<MappingTable>();
  constexpr uint64_t kMany = 140'000;  // more than its capacity
  // Downward would move everything each time; upward appends.
  for (uint64_t i = 0; i < kMany; ++i) {
    table->insert(MappingRange{2 * i * kPage, (2 * i + 1) * kPage, 1, 0, true});
  }
  CHECK(table->overflowed() == kMany - table->count());
  CHECK(table->overflowed() > 0);
  CHECK(well_formed(*table));
}

TEST_CASE("threads with ranges of their own do not disturb each other") {
  auto table = std::make_unique<MappingTable>();
  constexpr unsigned kThreads = 4;
  std::vector<std::thread> threads;
  std::vector<uint64_t> wrong(kThreads);
  for (unsigned t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      const uint64_t low = (t + 1) * 1000 * kPage;
      for (unsigned i = 0; i < 5000; ++i) {
        const uint64_t at = low + i % 50 * 4 * kPage;
        table->insert(MappingRange{at, at + 3 * kPage, t + 1, 0, true});
        MappingRange range;
        if (!table->find(at + 2 * kPage, &range) || range.stack != t + 1) ++wrong[t];
        if (!table->remove(at + kPage, at + 2 * kPage)) ++wrong[t];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const uint64_t count : wrong) CHECK(count == 0);
  CHECK(table->count() == kThreads * 50 * 2);
  CHECK(well_formed(*table));
}

}  // namespace silt::track
