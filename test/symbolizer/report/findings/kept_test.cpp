// SPDX-License-Identifier: Apache-2.0
//
// What the blocks of groups hang on: facts that a copy of the process found.

#include "symbolizer/report/findings/kept.h"

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

namespace silt::report {
namespace {

constexpr uint64_t kEach = 100;  // bytes of a block

// One group for each stack; the ids of stacks are 1, 2, …; a variable keeps what has no other path.
struct Process {
  read::Recording recording;
  std::vector<Group> groups;
  std::vector<bool> runtimes_own;

  explicit Process(size_t stacks, read::Heap heap = read::Heap::kNative) {
    recording.owners.emplace();
    read::Owners& owners = *recording.owners;
    owners.found = true;
    owners.labels = {"",
                     "functools._lru_cache_wrapper, 112 of at most 128",
                     "dict",
                     "str",
                     "functools._lru_list_elem",
                     "tuple"};
    owners.roots.push_back({.kind = format::RootKind::kData});
    owners.roots.push_back({.kind = format::RootKind::kLost});
    owners.paths.resize(3);
    owners.paths[2].root = 1;
    for (size_t i = 0; i < stacks; ++i) {
      recording.stacks.emplace_back();
      recording.stacks[i].id = read::StackId{static_cast<uint32_t>(i + 1)};
      groups.emplace_back();
      groups[i].stacks = {i};
      groups[i].heap = heap;
      owners.rows.emplace_back();
      owners.rows[i].stack = static_cast<uint32_t>(i + 1);
    }
  }
  read::Owners& owners() { return *recording.owners; }
  uint32_t path(uint32_t parent, size_t stack, uint32_t type = 0) {
    owners().paths.push_back(
        {.parent = parent, .root = 0, .stack = static_cast<uint32_t>(stack + 1), .type = type});
    return static_cast<uint32_t>(owners().paths.size() - 1);
  }
  void keep(size_t stack, uint32_t path, uint64_t blocks) {
    read::OwnersRow& row = owners().rows[stack];
    row.kept_blocks += blocks;
    row.kept_bytes += blocks * kEach;
    row.shares.push_back({path, blocks, blocks * kEach});
  }
  void lose(size_t stack, uint64_t blocks) {
    owners().rows[stack].lost_blocks += blocks;
    owners().rows[stack].lost_bytes += blocks * kEach;
  }
  // Of what is lost.
  void lose_with(size_t stack, size_t other, uint64_t blocks) {
    const uint32_t at = path(path(2, other), stack);
    owners().rows[stack].lost_shares.push_back({at, blocks, blocks * kEach});
  }
  KeptFacts facts() const { return {recording, groups, runtimes_own}; }
};

constexpr uint32_t kVariable = 1;
enum Type : uint32_t { kNone, kCache, kDict, kStr, kElement, kTuple };

}  // namespace

TEST_CASE("most of a thing's parts that were lost with it tell which was forgotten") {
  const auto [part_lost, thing_lost, along, back, went] =
      GENERATE(table<uint64_t, uint64_t, uint64_t, uint64_t, bool>(
          {{77, 70, 55, 0, true},      // a part still in use, and some that seem to come first
           {77, 70, 30, 0, false},     // most of it does not hang on the other
           {77, 70, 55, 40, false},    // each hangs on the other: a ring
           {40, 70, 40, 0, false},     // most of it is kept
           {77, 30, 55, 0, false}}));  // most of the other is kept
  CAPTURE(part_lost, thing_lost, along, back);
  Process process(2);
  process.keep(0, kVariable, 100 - part_lost);
  process.lose(0, part_lost);
  process.lose_with(0, 1, along);
  process.keep(1, kVariable, 100 - thing_lost);
  process.lose(1, thing_lost);
  if (back > 0) process.lose_with(1, 0, back);
  CHECK(process.facts().went_with(0, 1) == went);
  CHECK_FALSE(process.facts().went_with(1, 0));
}

TEST_CASE("a place most of whose stacks were lost with a thing, whole, was lost with it") {
  // Of 60 blocks lost by one stack of the place so many lie below the thing's, and of another
  // stack's, which lie by themselves, there are so many.
  const auto [below, by_themselves, went] = GENERATE(table<uint64_t, uint64_t, bool>(
      {{60, 40, true}, {58, 40, true}, {60, 70, false}, {40, 10, false}}));
  CAPTURE(below, by_themselves);
  Process process(3);
  process.groups[0].stacks = {0, 2};
  process.groups.resize(2);
  process.lose(0, 60);
  process.lose_with(0, 1, below);
  process.lose(1, 30);
  process.lose(2, by_themselves);
  CHECK(process.facts().mostly_went_with(0, 1) == went);
  CHECK_FALSE(process.facts().mostly_went_with(1, 0));
}

TEST_CASE("native memory hangs on objects where most of their place hangs on the same ones") {
  // The place that makes rows has the table of another list beside them, on which pages hang.
  const bool of_rows = GENERATE(true, false);
  Process process(4);
  process.groups[1].stacks = {1, 2, 3};
  process.groups[1].heap = read::Heap::kObjects;
  process.groups.resize(2);
  for (const size_t stack : {1, 2, 3}) process.recording.stacks[stack].heap = read::Heap::kObjects;
  const uint32_t rows = process.path(kVariable, 1);
  const uint32_t row = process.path(rows, 2);
  const uint32_t others = process.path(kVariable, 3);
  process.keep(0, process.path(of_rows ? row : others, 0), 50);
  process.keep(1, rows, 2);
  process.keep(2, row, 100);
  process.keep(3, others, 1);
  CHECK(process.facts().of(0).hangs_on(1));
  CHECK(process.facts().is_below_objects(0, 1));
  CHECK(process.facts().hangs_on(0, 1) == of_rows);
  CHECK(process.facts().mostly_hang({0}, {1}) == of_rows);
  CHECK_FALSE(process.facts().hangs_on(1, 0));
}

TEST_CASE("a container below its limit is seen through what it is made of") {
  Process process(4, read::Heap::kObjects);
  const uint32_t cache = process.path(kVariable, 0, kCache);
  const uint32_t dict = process.path(cache, 0, kDict);
  const uint32_t data = process.path(dict, 0);
  // Elements are linked, and made at several places.
  uint32_t element = process.path(data, 1, kElement);
  for (int i = 0; i < 6; ++i)
    element = process.path(element, static_cast<size_t>(i % 2 + 1), kElement);
  const uint32_t key = process.path(element, 3, kTuple);
  const uint32_t text = process.path(key, 3, kStr);
  SECTION("an element's parts") {
    process.keep(3, text, 10);
    CHECK(process.facts().of(3).filling_bytes == 10 * kEach);
    CHECK(process.facts().of(3).limited == kCache);
  }
  SECTION("what is further in grows by itself") {
    const uint32_t table = process.path(text, 3, kDict);
    process.keep(3, process.path(table, 3, kStr), 10);
    CHECK(process.facts().of(3).filling_bytes == 0);
  }
}

TEST_CASE("of a full container only the elements and what they name are sure to be as many") {
  Process process(2, read::Heap::kObjects);
  process.owners().labels[kCache] = "collections.deque, 128 of at most 128";
  const uint32_t deque = process.path(kVariable, 0, kCache);
  const uint32_t element = process.path(process.path(deque, 0), 1, kTuple);
  const uint32_t field = process.path(element, 1, kDict);
  process.keep(1, element, 3);
  process.keep(1, field, 4);
  process.keep(1, process.path(field, 1, kStr), 5);
  CHECK(process.facts().of(1).full_bytes == 7 * kEach);
  CHECK(process.facts().of(1).filling_bytes == 0);
  CHECK(process.facts().of(1).limited == kCache);
}

TEST_CASE("what a runtime's own state alone leads to, directly, is the runtime's") {
  Process process(1, read::Heap::kObjects);
  process.runtimes_own = {true, false};
  const uint32_t freed = process.path(kVariable, 0, kTuple);
  const uint32_t old_word = process.path(freed, 0, kStr);
  const uint32_t further = process.path(old_word, 0, kDict);
  process.keep(0, freed, 3);
  process.keep(0, old_word, 4);
  process.keep(0, further, 5);
  CHECK(process.facts().of(0).runtimes_bytes == 7 * kEach);
  process.runtimes_own = {false, false};
  CHECK(process.facts().of(0).runtimes_bytes == 0);
  process.runtimes_own = {};
  CHECK(process.facts().of(0).runtimes_bytes == 0);
}

}  // namespace silt::report
