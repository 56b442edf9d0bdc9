// SPDX-License-Identifier: Apache-2.0
//
// JavaScript stacks of several snapshots and managed_heaps, joined by what they say.

#include "symbolizer/read/script_join.h"

#include <catch2/catch.hpp>

#include "test/symbolizer/recording_builder.h"

namespace silt::read {
namespace {

using test::RecordingBuilder;

const ScriptFrame kMain{"main", "/app.js", 1, 1};
const ScriptFrame kAdd{"add", "/app.js", 5, 3};

std::vector<std::string> functions(const Recording& recording, const Stack& stack) {
  std::vector<std::string> names;
  for (const uint64_t pc : recording.frames(stack)) {
    names.push_back(recording.script_frames.at(pc - kScriptPc).function);
  }
  return names;
}

TEST_CASE("a JavaScript stack is found again in snapshots that number it otherwise") {
  ScriptHeaps first;
  first.frames = {kMain, kAdd};
  first.nodes = {{}, {0, 0}, {1, 1}};
  first.rows = {{0, 2, 0, 1, 2, 30}};
  first.generations = {{0, 2, 30}};
  ScriptHeaps second;
  second.frames = {kAdd, kMain};
  second.nodes = {{}, {0, 1}, {1, 1}, {1, 0}};
  second.rows = {{0, 2, 0, 1, 1, 8}, {0, 3, 1, 4, 5, 70}};
  second.generations = {{1, 1, 8}, {0, 5, 70}};
  Recording recording;
  recording.nodes.resize(11);
  ScriptJoin join;
  REQUIRE(join.add(0, first));
  REQUIRE(join.add(1, second));
  join.take(recording);

  REQUIRE(recording.stacks.size() == 2);
  CHECK(recording.script_frames.size() == 2);
  const Stack& add = recording.stacks[0];
  CHECK(functions(recording, add) == std::vector<std::string>{"add", "main"});
  CHECK(add.heap == Heap::kManaged);
  CHECK(add.id == StackId{12});
  REQUIRE(add.samples.size() == 2);
  CHECK(add.samples[1].snapshot == 1);
  CHECK(add.samples[1].live_bytes == 70);
  CHECK(add.samples[1].samples == 4);
  CHECK(functions(recording, recording.stacks[1]) == std::vector<std::string>{"main", "main"});
}

TEST_CASE("the same line of two managed_heaps is one stack") {
  RecordingBuilder process;
  process.allocate(process.script_stack({kAdd, kMain}, 0), 1, 10, 400);
  process.allocate(process.script_stack({kAdd, kMain}, 1), 2, 20, 900);
  process.allocate(process.stack({"f", "main"}), 1, 100);
  process.take_snapshot(0);
  process.allocate(process.script_stack({kAdd, kMain}, 1), 1, 1, 50);
  process.take_snapshot(1);
  const Recording recording = process.recording();
  CHECK(recording.notes.empty());
  REQUIRE(recording.snapshots[1].managed_heaps.size() == 2);
  REQUIRE(recording.stacks.size() == 2);
  CHECK(recording.stacks[0].heap == Heap::kNative);
  const Stack& stack = recording.stacks[1];
  CHECK(stack.heap == Heap::kManaged);
  REQUIRE(stack.samples.size() == 2);
  CHECK(stack.samples[0].live_bytes == 1300);
  CHECK(stack.samples[0].samples == 3);
  REQUIRE(stack.samples[1].generations.size() == 2);
  CHECK(stack.samples[1].generations[1].bytes == 50);
}

TEST_CASE("a native pc in the upper half does not pass for a JavaScript frame") {
  RecordingBuilder process;
  // The first one is what a frame of a runtime looks like, whose function the file does not have.
  process.allocate(process.stack_of_pcs({kScriptPc + 5, kScriptPc | uint64_t{3} << 60, UINT64_MAX}),
                   1, 10);
  process.take_snapshot(0);
  const Recording recording = process.recording();
  for (const Node& node : recording.nodes) {
    if (node.pc < kScriptPc) continue;
    REQUIRE(node.pc - kScriptPc < recording.script_frames.size());
    CHECK(recording.script_frames[node.pc - kScriptPc].kind == ScriptKind::kPython);
  }
}

}  // namespace
}  // namespace silt::read
