// SPDX-License-Identifier: Apache-2.0
//
// Snapshots joined to a recording.

#include "symbolizer/read/recording.h"

#include <catch2/catch.hpp>

#include "test/symbolizer/recording_builder.h"

namespace silt::read {
namespace {

using test::RecordingBuilder;
using test::SnapshotValues;
using test::TemporaryFolder;

TEST_CASE("a stack has one sample for each snapshot since its first block") {
  RecordingBuilder process;
  const auto early = process.stack({"f", "main"});
  process.allocate(early, 1, 100);
  process.take_snapshot(0);
  process.take_snapshot(1);
  const auto late = process.stack({"g", "main"});
  process.allocate(late, 2, 50);
  process.free_all(early);
  process.take_snapshot(2);
  const Recording recording = process.recording();

  REQUIRE(recording.snapshots.size() == 3);
  REQUIRE(recording.stacks.size() == 2);
  CHECK(recording.notes.empty());
  const Stack& first = recording.stacks[0];
  REQUIRE(first.samples.size() == 3);
  CHECK(first.samples[1].live_bytes == 100);
  CHECK(first.samples[1].snapshot == 1);
  CHECK(first.samples[2].live_blocks == 0);
  CHECK(first.samples[2].allocated_bytes == 100);
  CHECK(first.samples[2].generations.empty());
  const Stack& second = recording.stacks[1];
  REQUIRE(second.samples.size() == 1);
  CHECK(second.samples[0].snapshot == 2);
  CHECK(second.samples[0].live_blocks == 2);
  REQUIRE(second.samples[0].generations.size() == 1);
  CHECK(second.samples[0].generations[0].code == 2);
  CHECK(second.samples[0].generations[0].bytes == 50);
}

TEST_CASE("frames come innermost first and without markers") {
  RecordingBuilder process;
  const auto id = process.stack({"leaf", "middle", "main"}, Heap::kMapping, Missing::kTruncated);
  process.allocate(id, 1, 4096);
  process.take_snapshot(0);
  const Recording recording = process.recording();
  REQUIRE(recording.stacks.size() == 1);
  const Stack& stack = recording.stacks[0];
  CHECK(number_of(stack.id) == id);
  CHECK(stack.heap == Heap::kMapping);
  CHECK(stack.missing == Missing::kTruncated);
  CHECK(recording.nodes[stack.leaf].pc == process.pc("leaf"));
  CHECK(recording.frames(stack) ==
        std::vector<uint64_t>{process.pc("leaf"), process.pc("middle"), process.pc("main")});
}

TEST_CASE("a stack that was lost to a full table has no frames and says so") {
  RecordingBuilder process;
  process.allocate(process.stack({}, Heap::kNative, Missing::kOverflow), 3, 30);
  process.take_snapshot(0);
  const Recording recording = process.recording();
  REQUIRE(recording.stacks.size() == 1);
  CHECK(recording.stacks[0].missing == Missing::kOverflow);
  CHECK(recording.stacks[0].leaf == kRootNode);
  CHECK(recording.frames(recording.stacks[0]).empty());
}

TEST_CASE("a recording carries the process's texts and figures") {
  RecordingBuilder process;
  process.values().command = "victim --port 80";
  process.values().costs = {{format::Cost::unknown_frees, 7}};
  process.take_snapshot(12.5, 1'000'000);
  const Recording recording = process.recording();
  CHECK(recording.program == "victim");
  CHECK(recording.command == "victim --port 80");
  CHECK(recording.executable == "/usr/bin/victim");
  CHECK(recording.working_directory == "/srv");
  CHECK(recording.snapshots[0].meta.rss_bytes == 1'000'000);
  CHECK(recording.snapshots[0].meta.elapsed_ns == 12'500'000'000);
  CHECK(recording.snapshots[0].meta.command == 0);
  REQUIRE(recording.snapshots[0].costs.size() == format::kCostCount + 1);
  CHECK(recording.snapshots[0].costs[6] == 7);
}

TEST_CASE("a snapshot that cannot be read is skipped with a note") {
  RecordingBuilder process;
  const auto stack = process.stack({"f"});
  for (int i = 0; i < 4; ++i) {
    process.allocate(stack, 1, 10);
    process.take_snapshot(i);
  }
  const TemporaryFolder folder;
  process.write(folder.path());
  folder.write("001.silt", "not a snapshot");
  std::filesystem::resize_file(folder.path() / "003.silt", 100);
  const auto recording = read_recording(folder.path());
  REQUIRE(recording.ok());
  CHECK(recording->snapshots.size() == 2);
  CHECK(recording->stacks[0].samples.back().live_blocks == 3);
  REQUIRE(recording->notes.size() == 2);
  CHECK_THAT(recording->notes[0], Catch::Contains("001.silt': it is not a silt snapshot"));
  CHECK_THAT(recording->notes[1], Catch::Contains("003.silt': it is truncated: 100 of"));
}

TEST_CASE("a module that cannot be is told once, and no snapshot is skipped for it") {
  RecordingBuilder process;
  const auto stack = process.stack({"f"});
  Module module;
  module.start = 0x1000;
  module.end = 0x2000;
  module.first_node = 3;
  module.end_node = 2;
  process.values().modules.push_back(module);
  for (int i = 0; i < 3; ++i) {
    process.allocate(stack, 1, 10);
    process.take_snapshot(i);
  }
  const TemporaryFolder folder;
  process.write(folder.path());
  const auto recording = read_recording(folder.path());
  REQUIRE(recording.ok());
  CHECK(recording->snapshots.size() == 3);
  CHECK(recording->stacks[0].samples.back().live_blocks == 3);
  REQUIRE(recording->notes.size() == 1);
  CHECK_THAT(recording->notes[0], Catch::StartsWith("the figures of 1 loaded library in '") &&
                                      Catch::Contains("002.silt' are impossible"));
}

TEST_CASE("a snapshot of another process is not joined") {
  RecordingBuilder process, other;
  process.take_snapshot(0);
  other.values().meta.pid = 99;
  other.take_snapshot(0);
  process.take_snapshot(1);
  const TemporaryFolder folder, elsewhere;
  process.write(folder.path());
  other.write(elsewhere.path());
  std::filesystem::rename(elsewhere.path() / "000.silt", folder.path() / "000.silt");
  const auto recording = read_recording(folder.path());
  REQUIRE(recording.ok());
  CHECK(recording->snapshots.size() == 1);
  REQUIRE(recording->notes.size() == 1);
  CHECK_THAT(recording->notes[0], Catch::Contains("belongs to another process (99, not 4711"));
}

TEST_CASE("a snapshot whose stacks are not those of the later ones is not joined") {
  const TemporaryFolder folder;
  SnapshotValues values;
  values.nodes = {{0, 0x5000}};
  values.rows = {{1, 1, 10, {{0, 1, 10}}}};
  folder.write("000.silt", test::write_snapshot(values));
  values.meta.sequence = 1;
  values.nodes = {{0, 0x7000}, {1, 0x5000}};
  folder.write("001.silt", test::write_snapshot(values));
  const auto recording = read_recording(folder.path());
  REQUIRE(recording.ok());
  CHECK(recording->snapshots.size() == 1);
  REQUIRE(recording->notes.size() == 1);
  CHECK_THAT(recording->notes[0], Catch::Contains("other stacks"));
}

TEST_CASE("a node that an older snapshot caught half made does not part it from the rest") {
  const TemporaryFolder folder;
  SnapshotValues values;
  values.nodes = {{0, 0x5000}, {0, 0}};
  values.rows = {{1, 1, 10, {{0, 1, 10}}}};
  folder.write("000.silt", test::write_snapshot(values));
  values.meta.sequence = 1;
  values.nodes = {{0, 0x5000}, {1, 0x6000}};
  folder.write("001.silt", test::write_snapshot(values));
  const auto recording = read_recording(folder.path());
  REQUIRE(recording.ok());
  CHECK(recording->snapshots.size() == 2);
}

TEST_CASE("the same snapshot given twice counts once") {
  RecordingBuilder process;
  process.take_snapshot(0);
  process.take_snapshot(1);
  const TemporaryFolder folder;
  process.write(folder.path());
  const auto first = folder.path() / "000.silt", second = folder.path() / "001.silt";
  const auto recording = read_snapshots({second, first, first});
  REQUIRE(recording.ok());
  CHECK(recording->snapshots.size() == 2);
  CHECK(recording->snapshots[0].path == first);
  REQUIRE(recording->notes.size() == 1);
  CHECK_THAT(recording->notes[0], Catch::Contains("has the number of another snapshot (0)"));
}

TEST_CASE("snapshots from before a clock that runs backwards are not trusted") {
  RecordingBuilder process;
  process.take_snapshot(100);
  process.take_snapshot(10);
  const auto recording = process.recording();
  CHECK(recording.snapshots.size() == 1);
  CHECK_THAT(recording.notes.at(0),
             Catch::Contains("is out of order: its time does not fit its number"));
}

TEST_CASE("a recording finds its JIT map") {
  RecordingBuilder process;
  process.allocate(process.stack({"f"}), 1, 1);
  process.take_snapshot(0);
  const Recording recording = process.recording();
  CHECK(recording.jit_map == recording.path / "perf-4711.map");
}

TEST_CASE("errors name the input and the reason in one line") {
  const TemporaryFolder folder;
  const auto message = [](const std::filesystem::path& path) {
    return read_recording(path).error().message;
  };
  const std::string name = folder.path().native();
  CHECK(message(folder.path()) ==
        "cannot use '" + name + "': there is no snapshot (NNN.silt) in this folder");
  CHECK(message(folder.path() / "none") ==
        "cannot read '" + name + "/none': no such file or folder");
  CHECK(message(folder.write("empty.silt", "")) == "'" + name + "/empty.silt' is empty");
  CHECK_THAT(message(folder.write("new\nline", "hello")), !Catch::Contains("\n"));
  CHECK_FALSE(read_snapshots({}).ok());
}

TEST_CASE("a thousand snapshots with a thousand stacks are read in order") {
  RecordingBuilder process;
  std::vector<uint32_t> stacks;
  for (int i = 0; i < 1000; ++i) stacks.push_back(process.stack({"f" + std::to_string(i), "main"}));
  for (int i = 0; i < 1000; ++i) {
    process.allocate(stacks[static_cast<size_t>(i)], 1, 16);
    process.take_snapshot(i);
  }
  const Recording recording = process.recording();
  REQUIRE(recording.snapshots.size() == 1000);
  REQUIRE(recording.stacks.size() == 1000);
  CHECK(recording.stacks[0].samples.size() == 1000);
  CHECK(recording.stacks[999].samples.size() == 1);
}

}  // namespace
}  // namespace silt::read
