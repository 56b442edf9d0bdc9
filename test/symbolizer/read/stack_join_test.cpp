// SPDX-License-Identifier: Apache-2.0
//
// Which stacks of one snapshot and of several are the same.

#include "symbolizer/read/stack_join.h"

#include <catch2/catch.hpp>
#include <cstdint>
#include <vector>

#include "test/symbolizer/recording_builder.h"

namespace silt::read {
namespace {

using test::RecordingBuilder;
using test::SnapshotValues;
using test::TemporaryFolder;

TEST_CASE("stacks that two racing threads made twice are joined, generation by generation") {
  const TemporaryFolder folder;
  SnapshotValues values;
  // main -> f, and main again -> f again.
  values.nodes = {{0, 0x5000}, {1, 0x6000}, {0, 0x5000}, {3, 0x6000}};
  values.rows = {{2, 10, 100, {{0, 1, 10}, {2, 1, 10}}}, {4, 5, 50, {{1, 2, 20}, {2, 1, 10}}}};
  const auto recording = read_recording(folder.write("000.silt", test::write_snapshot(values)));
  REQUIRE(recording.ok());
  REQUIRE(recording->stacks.size() == 1);
  const Stack& stack = recording->stacks[0];
  CHECK(stack.id == StackId{2});
  REQUIRE(stack.samples.size() == 1);
  const Sample& sample = stack.samples[0];
  CHECK(sample.allocated_blocks == 15);
  CHECK(sample.allocated_bytes == 150);
  CHECK(sample.live_blocks == 5);
  CHECK(sample.live_bytes == 50);
  REQUIRE(sample.generations.size() == 3);
  CHECK(sample.generations[0].code == 0);
  CHECK(sample.generations[1].bytes == 20);
  CHECK(sample.generations[2].blocks == 2);
}

TEST_CASE("equal pcs in modules that took each other's place stay two stacks") {
  const TemporaryFolder folder;
  SnapshotValues values;
  values.nodes = {{0, 0x5010}, {0, 0x5010}};
  values.rows = {{1, 1, 10, {{0, 1, 10}}}, {2, 1, 20, {{0, 1, 20}}}};
  Module before, after;
  before.start = after.start = 0x5000;
  before.end = after.end = 0x6000;
  before.first_node = 1;
  before.end_node = after.first_node = 2;
  after.end_node = UINT32_MAX;
  before.path = "/lib/plugin-1.so";
  after.path = "/lib/plugin-2.so";
  before.unloaded = true;
  values.modules = {before, after};
  const auto recording = read_recording(folder.write("000.silt", test::write_snapshot(values)));
  REQUIRE(recording.ok());
  CHECK(recording->stacks.size() == 2);
  CHECK(recording->modules[0].unloaded);
  CHECK(recording->modules[1].path == "/lib/plugin-2.so");
}

TEST_CASE("snapshots that number their nodes for themselves are joined by content") {
  const TemporaryFolder folder;
  SnapshotValues first;
  // main -> f -> g and main -> h
  first.nodes = {{0, 0x5000, 1}, {1, 0x6000, 2}, {2, 0x7000, 3}, {1, 0x8000, 4}};
  first.rows = {{3, 100, 1000, {{0, 1, 10}}}, {4, 5, 50, {{0, 2, 20}}}};
  folder.write("000.silt", test::write_snapshot(first));
  SnapshotValues second;  // main -> f -> g was folded into main -> f; main -> k is new
  second.meta.sequence = 1;
  second.nodes = {{0, 0x5000, 1}, {1, 0x8000, 4}, {1, 0x6000, 2}, {1, 0x9000, 9}};
  second.rows = {{2, 7, 70, {{0, 2, 20}}}, {3, 100, 1000, {}}, {4, 1, 10, {{1, 1, 10}}}};
  folder.write("001.silt", test::write_snapshot(second));
  const auto recording = read_recording(folder.path());
  REQUIRE(recording.ok());
  CHECK(recording->notes.empty());
  CHECK(recording->snapshots.size() == 2);
  REQUIRE(recording->stacks.size() == 4);
  const auto stack_at = [&](const std::vector<uint64_t>& frames) -> const Stack& {
    for (const Stack& stack : recording->stacks) {
      if (recording->frames(stack) == frames) return stack;
    }
    FAIL("no such stack");
    return recording->stacks[0];
  };
  const Stack& h = stack_at({0x8000, 0x5000});
  REQUIRE(h.samples.size() == 2);
  CHECK(h.samples[0].allocated_blocks == 5);
  CHECK(h.samples[1].allocated_blocks == 7);
  CHECK(h.samples[1].live_blocks == 2);
  const Stack& g = stack_at({0x7000, 0x6000, 0x5000});
  REQUIRE(g.samples.size() == 1);
  CHECK(g.samples[0].live_blocks == 1);
  CHECK(g.samples[0].allocated_bytes == 1000);
  const Stack& f = stack_at({0x6000, 0x5000});
  REQUIRE(f.samples.size() == 1);
  CHECK(f.samples[0].allocated_blocks == 0);  // what g had allocated is told at g
  CHECK(stack_at({0x9000, 0x5000}).samples[0].snapshot == 1);
}

TEST_CASE("births that cannot be are refused") {
  const TemporaryFolder folder;
  for (const uint32_t birth : {uint32_t{0}, UINT32_MAX}) {
    SnapshotValues values;
    values.nodes = {{0, 0x5000, 1}, {1, 0x6000, birth}};
    values.rows = {{2, 1, 10, {{0, 1, 10}}}};
    const auto recording = read_recording(folder.write("000.silt", test::write_snapshot(values)));
    REQUIRE_FALSE(recording.ok());
    CHECK_THAT(recording.error().message, Catch::Contains("births"));
  }
}

TEST_CASE("equal frames in two heaps stay two stacks") {
  RecordingBuilder process;
  process.allocate(process.stack({"f", "main"}), 1, 1);
  process.allocate(process.stack({"f", "main"}, Heap::kMapping), 1, 4096);
  process.take_snapshot(0);
  CHECK(process.recording().stacks.size() == 2);
}

}  // namespace
}  // namespace silt::read
