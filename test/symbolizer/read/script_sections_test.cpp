// SPDX-License-Identifier: Apache-2.0
//
// JavaScript heaps of a snapshot, whole and damaged.

#include <catch2/catch.hpp>
#include <functional>

#include "symbolizer/read/snapshot_file.h"
#include "test/symbolizer/snapshot_writer.h"

namespace silt::read {
namespace {

using test::SnapshotValues;

SnapshotValues two_isolates() {
  SnapshotValues values;
  values.nodes = {{0, 0x5000}};
  values.isolates.resize(2);
  values.isolates[1].thread_id = 3;
  values.isolates[1].heap_used_bytes = 1000;
  values.script_frames = {{"main", "file:///app.js", 1, 1}, {"", "node:internal/timers", 7, 0}};
  values.script_nodes = {{0, 0}, {1, 1}, {1, 0}};
  values.script_rows = {{0, 2, {{0, 1, 3, 60}, {4, 2, 9, 400}}}, {1, 1, {{9, 1, 1, 8}}}};
  return values;
}

Result<ScriptHeaps> read_back(const SnapshotValues& values) {
  const std::string bytes = test::write_snapshot(values);
  auto file = SnapshotFile::open(std::make_unique<MemorySource>(bytes));
  REQUIRE(file.ok());
  return file->script_heaps();
}

std::string refusal(const std::function<void(SnapshotValues&)>& change) {
  SnapshotValues values = two_isolates();
  change(values);
  auto heaps = read_back(values);
  return heaps ? "" : heaps.error().message;
}

TEST_CASE("JavaScript heaps read back as they were written") {
  const auto heaps = read_back(two_isolates());
  REQUIRE(heaps.ok());
  REQUIRE(heaps->isolates.size() == 2);
  CHECK(heaps->isolates[1].thread_id == 3);
  CHECK(heaps->isolates[1].heap_used_bytes == 1000);
  REQUIRE(heaps->frames.size() == 2);
  CHECK(heaps->frames[1].file == "node:internal/timers");
  CHECK(heaps->frames[1].line == 7);
  REQUIRE(heaps->nodes.size() == 4);
  CHECK(heaps->nodes[2].parent == 1);
  CHECK(heaps->nodes[2].frame == 1);
  REQUIRE(heaps->rows.size() == 2);
  CHECK(heaps->rows[0].samples == 3);
  CHECK(heaps->rows[0].live_blocks == 12);
  CHECK(heaps->rows[0].live_bytes == 460);
  CHECK(heaps->rows[1].isolate == 1);
  CHECK(heaps->generations.size() == 3);
}

TEST_CASE("a snapshot without JavaScript has no heaps") {
  SnapshotValues values;
  values.nodes = {{0, 0x5000}};
  const auto heaps = read_back(values);
  REQUIRE(heaps.ok());
  CHECK(heaps->isolates.empty());
  CHECK(heaps->nodes.size() == 1);
  CHECK(heaps->rows.empty());
}

TEST_CASE("JavaScript nodes without frames or older parents are refused") {
  CHECK_THAT(refusal([](auto& values) { values.script_nodes[1].frame = 2; }),
             Catch::Contains("no frame"));
  CHECK_THAT(refusal([](auto& values) { values.script_nodes[1].parent = 2; }),
             Catch::Contains("not older"));
}

TEST_CASE("JavaScript stacks of no isolate, no node or out of order are refused") {
  const auto wrong = Catch::Contains("not in order");
  CHECK_THAT(refusal([](auto& values) { values.script_rows[1].isolate = 2; }), wrong);
  CHECK_THAT(refusal([](auto& values) { values.script_rows[1].node = 4; }), wrong);
  CHECK_THAT(refusal([](auto& values) { values.script_rows[1].node = 0; }), wrong);
  CHECK_THAT(refusal([](auto& values) { values.script_rows[0].isolate = 1; }), wrong);
  CHECK_THAT(refusal([](auto& values) { values.script_rows[1] = values.script_rows[0]; }), wrong);
}

TEST_CASE("figures of JavaScript stacks that cannot be are refused") {
  constexpr uint64_t kHalf = uint64_t{1} << 62;
  const auto wrong = Catch::Contains("JavaScript stack");
  CHECK_THAT(refusal([](auto& values) { values.script_rows[0].generations[1].code = 0; }), wrong);
  CHECK_THAT(refusal([](auto& values) { values.script_rows[0].generations[1].code = 256; }), wrong);
  CHECK_THAT(refusal([](auto& values) {
               values.script_rows[0].generations[0].bytes = kHalf;
               values.script_rows[1].generations[0].bytes = kHalf;
             }),
             wrong);
  CHECK_THAT(refusal([](auto& values) { values.isolates[0].heap_total_bytes = UINT64_MAX; }),
             Catch::Contains("isolates"));
}

TEST_CASE("counts of JavaScript sections that do not fit their bytes are refused") {
  for (const size_t section : {10, 11}) {
    for (const int change : {-1, 1, 1 << 20}) {
      INFO(section << " " << change);
      auto sections = test::sections_of(two_isolates());
      sections[section].count = static_cast<uint32_t>(int(sections[section].count) + change);
      const std::string bytes = test::assemble(sections);
      auto file = SnapshotFile::open(std::make_unique<MemorySource>(bytes));
      REQUIRE(file.ok());
      CHECK_FALSE(file->script_heaps().ok());
    }
  }
}

}  // namespace
}  // namespace silt::read
