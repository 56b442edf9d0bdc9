// SPDX-License-Identifier: Apache-2.0
//
// Mappings against a model that knows each page: inserted over each other, cut at both ends, split
// in the middle.

#include "interposer/track/mapping_table.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "interposer/base/memory.h"

namespace silt::track {
namespace {

constexpr uint64_t kPage = 4096;

std::vector<MappingRange> ranges_of(MappingTable& table, uint64_t from = 0) {
  const base::SpinGuard guard(table.lock());
  std::vector<MappingRange> ranges;
  table.scan(from, [&](const MappingRange& range) {
    ranges.push_back(range);
    return true;
  });
  return ranges;
}

// Sorted, apart, none empty, as many as it says.
bool well_formed(MappingTable& table) {
  uint64_t end = 0;
  const std::vector<MappingRange> ranges = ranges_of(table);
  for (const MappingRange& range : ranges) {
    if (range.start < end || range.end <= range.start) return false;
    end = range.end;
  }
  return ranges.size() == table.count();
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
  table->insert(MappingRange{10 * kPage, 20 * kPage, StackId{7}, 3, true});
  MappingRange range;
  CHECK_FALSE(table->find(10 * kPage - 1, &range));
  REQUIRE(table->find(10 * kPage, &range));
  CHECK(range.stack == StackId{7});
  CHECK(range.generation == 3);
  CHECK(table->find(20 * kPage - 1, &range));
  CHECK_FALSE(table->find(20 * kPage, &range));
}

TEST_CASE("a hole leaves two parts, of which one counts as the block") {
  auto table = std::make_unique<MappingTable>();
  table->insert(MappingRange{10 * kPage, 20 * kPage, StackId{7}, 0, true});
  CHECK(table->remove(12 * kPage, 13 * kPage));
  CHECK_FALSE(table->remove(12 * kPage, 13 * kPage));
  REQUIRE(table->count() == 2);
  CHECK(ranges_of(*table)[0].end == 12 * kPage);
  CHECK(ranges_of(*table)[0].counted);
  CHECK(ranges_of(*table)[1].start == 13 * kPage);
  CHECK_FALSE(ranges_of(*table)[1].counted);
  CHECK(table->remove(0, 11 * kPage));
  CHECK(ranges_of(*table)[0].start == 11 * kPage);
  CHECK(ranges_of(*table)[0].counted);
}

TEST_CASE("200,000 random mappings and unmappings agree with a model of pages") {
  auto table = std::make_unique<MappingTable>();
  std::mt19937_64 random(11);
  constexpr uint64_t kPages = 3000;
  std::vector<StackId> model(kPages, kNoStack);
  uint32_t next = 1;
  uint64_t wrong = 0;
  for (int i = 0; i < 200'000; ++i) {
    const uint64_t first = random() % kPages;
    const uint64_t last = std::min(kPages, first + 1 + random() % (i % 100 == 0 ? 500 : 12));
    if (random() % 2 == 0) {
      // A stack of its own for each mapping, so that its parts can be told.
      const StackId stack{next++};
      table->insert(MappingRange{first * kPage, last * kPage, stack, 0, true});
      for (uint64_t page = first; page < last; ++page) model[page] = stack;
    } else {
      bool any = false;
      for (uint64_t page = first; page < last; ++page) {
        any = any || model[page] != kNoStack;
        model[page] = kNoStack;
      }
      wrong += table->remove(first * kPage, last * kPage) != any ? 1 : 0;
    }
    const uint64_t page = random() % kPages;
    MappingRange range;
    const bool found = table->find(page * kPage + random() % kPage, &range);
    wrong += found != (model[page] != kNoStack) || (found && range.stack != model[page]) ? 1 : 0;
    if (i % 1000 == 0) {
      wrong += well_formed(*table) ? 0 : 1;
      uint64_t pages = 0;
      std::map<StackId, int> counted;
      for (const MappingRange& part : ranges_of(*table)) {
        pages += (part.end - part.start) / kPage;
        counted[part.stack] += part.counted ? 1 : 0;
      }
      for (const StackId stack : model) pages -= stack != kNoStack ? 1 : 0;
      wrong += pages;
      for (const auto& [stack, parts] : counted) wrong += parts > 1 ? 1 : 0;
    }
  }
  CHECK(wrong == 0);
  CHECK(table->overflowed() == 0);
}

TEST_CASE("a tree of several levels grows and shrinks in any order") {
  auto table = std::make_unique<MappingTable>();
  constexpr uint64_t kMany = 60'000;
  std::vector<uint64_t> order(kMany);
  for (uint64_t i = 0; i < kMany; ++i) order[i] = i;
  std::mt19937_64 random(5);
  for (int round = 0; round < 4; ++round) {
    if (round == 1) std::reverse(order.begin(), order.end());
    if (round >= 2) std::shuffle(order.begin(), order.end(), random);
    for (const uint64_t i : order) {
      table->insert(MappingRange{2 * i * kPage, (2 * i + 1) * kPage, StackId{1}, 0, true});
    }
    REQUIRE(table->count() == kMany);
    REQUIRE(well_formed(*table));
    if (round == 3) std::shuffle(order.begin(), order.end(), random);
    uint64_t missing = 0;
    for (uint64_t n = 0; n < kMany; ++n) {
      missing += table->remove(2 * order[n] * kPage, (2 * order[n] + 1) * kPage) ? 0 : 1;
      if (n % 15'000 == 0) REQUIRE(well_formed(*table));
    }
    CHECK(missing == 0);
    CHECK(table->count() == 0);
  }
  CHECK(table->overflowed() == 0);
}

TEST_CASE("ranges thinned out, merged and filled in again agree with a map") {
  auto table = std::make_unique<MappingTable>();
  std::map<uint64_t, uint64_t> model;  // start -> end
  std::mt19937_64 random(6);
  uint64_t wrong = 0;
  for (int i = 0; i < 240'000; ++i) {
    // Phases that mostly add, then mostly remove, so that nodes split and join at all levels.
    const bool add = random() % 10 < (i / 40'000 % 2 == 0 ? 9u : 1u);
    const uint64_t start = random() % 40'000 * 4 * kPage;
    if (add) {
      const uint64_t end = start + (1 + start / kPage / 4 % 3) * kPage;
      table->insert(MappingRange{start, end, StackId{1}, 0, true});
      model[start] = end;
    } else {
      wrong += table->remove(start, start + 4 * kPage) != (model.erase(start) != 0) ? 1 : 0;
    }
  }
  CHECK(wrong == 0);
  const std::vector<MappingRange> ranges = ranges_of(*table);
  REQUIRE(ranges.size() == model.size());
  auto next = model.begin();
  for (const MappingRange& range : ranges) {
    wrong += range.start != next->first || range.end != next->second ? 1 : 0;
    ++next;
  }
  CHECK(wrong == 0);
  CHECK(table->remove(0, UINT64_MAX));
  CHECK(table->count() == 0);
  CHECK(table->overflowed() == 0);
}

TEST_CASE("a scan begins with the range that holds its address") {
  auto table = std::make_unique<MappingTable>();
  for (uint64_t i = 0; i < 1000; ++i) {
    table->insert(MappingRange{10 * i * kPage, (10 * i + 5) * kPage, StackId{1}, 0, true});
  }
  CHECK(ranges_of(*table, 5003 * kPage).front().start == 5000 * kPage);
  CHECK(ranges_of(*table, 5005 * kPage).front().start == 5010 * kPage);
  CHECK(ranges_of(*table, 9995 * kPage).empty());
  // Where the first ranges of a leaf have gone, what lies before may reach into its place.
  for (uint64_t gap = 0; gap < 9000; gap += 10) {
    table->remove(gap * kPage, (gap + 95) * kPage);
    table->insert(MappingRange{gap * kPage, (gap + 90) * kPage, StackId{2}, 0, true});
    MappingRange range;
    REQUIRE(table->find((gap + 89) * kPage, &range));
    REQUIRE(range.stack == StackId{2});
    REQUIRE(well_formed(*table));
  }
}

TEST_CASE("what does not fit is counted and the table stays whole") {
  auto table = std::make_unique<MappingTable>();
  constexpr uint64_t kMany = 60'000;
  base::set_memory_limit(base::mapped_bytes() + (1 << 20));  // 40,000 of them
  std::mt19937_64 random(7);
  for (uint64_t i = 0; i < kMany; ++i) {
    const uint64_t at = i < kMany / 2 ? i : random() % kMany;
    table->insert(MappingRange{2 * at * kPage, (2 * at + 1) * kPage, StackId{1}, 0, true});
  }
  base::set_memory_limit(0);
  CHECK(table->overflowed() > 0);
  CHECK(table->count() >= kMany / 2 - table->overflowed());
  CHECK(well_formed(*table));
  const uint64_t overflowed = table->overflowed();
  table->remove(0, UINT64_MAX);
  for (uint64_t i = 0; i < 1000; ++i) {
    table->insert(MappingRange{2 * i * kPage, (2 * i + 1) * kPage, StackId{1}, 0, true});
  }
  CHECK(table->count() == 1000);
  CHECK(table->overflowed() == overflowed);
}

TEST_CASE("a table copied in the middle of a change begins anew") {
  auto table = std::make_unique<MappingTable>();
  for (uint64_t i = 0; i < 1000; ++i) {
    table->insert(MappingRange{2 * i * kPage, (2 * i + 1) * kPage, StackId{1}, 0, true});
  }
  table->tear();
  MappingRange range;
  CHECK_FALSE(table->find(0, &range));
  CHECK(table->overflowed() == 1000);
  table->insert(MappingRange{0, kPage, StackId{1}, 0, true});
  CHECK(table->find(0, &range));
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
        table->insert(MappingRange{at, at + 3 * kPage, StackId{t + 1}, 0, true});
        MappingRange range;
        if (!table->find(at + 2 * kPage, &range) || range.stack != StackId{t + 1}) ++wrong[t];
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
