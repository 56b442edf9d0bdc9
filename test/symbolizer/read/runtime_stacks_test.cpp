// SPDX-License-Identifier: Apache-2.0
//
// Native frames and a runtime's, put together as they ran.

#include "symbolizer/read/runtime_stacks.h"

#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <utility>

#include "symbolizer/read/snapshot_file.h"
#include "symbolizer/read/stack_join.h"
#include "test/symbolizer/snapshot_writer.h"

namespace silt::read {
namespace {

constexpr uint64_t kCode = 0x400000;
constexpr uint64_t kFirst = format::kPcFirstOfNative;

uint64_t function(uint32_t number, uint32_t line, uint64_t first = 0) {
  return format::kPcFunction | first | uint64_t{number} << 32 | line;
}
uint64_t pair(uint32_t native, uint64_t heap = 0) { return format::kPcPair | heap << 32 | native; }
uint64_t evaluator() { return format::kPcEvaluator | (kCode + 1); }

const std::vector<RuntimeFunction> kFunctions = {{"", ""}, {"main", "app.py"}, {"load", "app.py"}};

struct Whole : WholeStacks {
  std::vector<ScriptFrame> frames;
};
std::optional<Whole> make_whole(const ByNode<Node>& nodes,
                                const std::vector<RuntimeFunction>& functions,
                                const std::vector<Module>& modules) {
  WholeStackMaker maker(functions, modules);
  auto whole = maker.make(nodes);
  if (!whole) return std::nullopt;
  return Whole{std::move(*whole), maker.take_frames()};
}

// "load:7 0x400010 main:3", innermost first.
std::string said(const Whole& whole, uint32_t number) {
  std::string text;
  for (NodeId node = whole.whole[NodeId{number}]; node != kRootNode;
       node = whole.nodes[node].parent) {
    const uint64_t pc = whole.nodes[node].pc;
    if (!text.empty()) text += " ";
    if (pc >= kScriptPc) {
      const ScriptFrame& frame = whole.frames.at(pc - kScriptPc);
      text += frame.function + ":" + std::to_string(frame.line);
    } else {
      text += pc == kObjectMarker ? "object" : std::to_string(pc);
    }
  }
  return text;
}

TEST_CASE("each native frame of the evaluator becomes the frames that it runs") {
  // start, evaluator, sort, evaluator, malloc's caller; main runs in the outer, lambda in the inner
  const test::NodeTable nodes = {{},
                                 {0, 1 << 20},
                                 {1, evaluator()},
                                 {2, 2 << 20},
                                 {3, evaluator()},
                                 {4, 3 << 20},
                                 {0, function(1, 3, kFirst)},
                                 {6, function(2, 7)},
                                 {7, function(2, 9, kFirst)},
                                 {8, pair(5)}};
  const auto whole = make_whole(nodes, kFunctions, {});
  REQUIRE(whole);
  // 7 belongs to the outer one, for it is not the outermost of the inner.
  CHECK(said(*whole, 9) == "3145728 load:9 2097152 load:7 main:3 1048576");
}

TEST_CASE("blocks of the runtime's own allocator are marked, and mappings below a stack stay so") {
  const test::NodeTable nodes = {{},
                                 {0, 1 << 20},
                                 {1, evaluator()},
                                 {0, function(1, 3, kFirst)},
                                 {3, pair(2, 1)},
                                 {3, pair(2)},
                                 {5, static_cast<uint64_t>(format::Marker::kMapping)}};
  const auto whole = make_whole(nodes, kFunctions, {});
  REQUIRE(whole);
  CHECK(said(*whole, 4) == "object main:3 1048576");
  CHECK(said(*whole, 5) == "main:3 1048576");
  CHECK(said(*whole, 6) == "1 main:3 1048576");
}

TEST_CASE("a stack without frames of the runtime's is as it was") {
  const test::NodeTable nodes = {{}, {0, 1 << 20}, {1, evaluator()}, {0, pair(2, 1)}};
  const auto whole = make_whole(nodes, kFunctions, {});
  REQUIRE(whole);
  CHECK(said(*whole, 2) == std::to_string(kCode + 1) + " 1048576");
  CHECK(said(*whole, 3) == "object " + std::to_string(kCode + 1) + " 1048576");
}

TEST_CASE("where outer frames are missing in either half they are missing in the whole") {
  const auto truncated = static_cast<uint64_t>(format::Marker::kTruncated);
  const auto broken = static_cast<uint64_t>(format::Marker::kBroken);
  const test::NodeTable nodes = {{},
                                 {0, broken},
                                 {1, evaluator()},
                                 {0, 1 << 20},
                                 {3, evaluator()},
                                 {0, truncated},
                                 {5, function(1, 3)},
                                 {0, function(1, 4, kFirst)},
                                 {6, pair(4)},
                                 {7, pair(2)}};
  const auto whole = make_whole(nodes, kFunctions, {});
  REQUIRE(whole);
  CHECK(said(*whole, 8) == "main:3 1048576 2");
  CHECK(said(*whole, 9) == "main:4 3");
}

TEST_CASE("pairs that refer to themselves, to later nodes or to unknown functions do no harm") {
  const test::NodeTable nodes = {
      {},           {0, function(77, 5, kFirst)}, {1, pair(2)}, {1, pair(1000)},
      {3, pair(3)}, {4, function(1, 1)},          {5, pair(5)}};
  const auto whole = make_whole(nodes, kFunctions, {});
  REQUIRE(whole);
  CHECK(said(*whole, 2) == ":5");
  for (const NodeId node : whole->whole) CHECK(whole->nodes.contains(node));
  for (uint32_t i = 1; i < whole->nodes.size(); ++i)
    CHECK(whole->nodes[NodeId{i}].parent < NodeId{i});
}

TEST_CASE("equal stacks of equal halves are one stack") {
  const test::NodeTable nodes = {{},
                                 {0, 1 << 20},
                                 {1, evaluator()},
                                 {0, function(1, 3, kFirst)},
                                 {0, function(1, 3, kFirst)},  // two threads made it at once
                                 {3, pair(2)},
                                 {4, pair(2)}};
  const auto whole = make_whole(nodes, kFunctions, {});
  REQUIRE(whole);
  CHECK(whole->whole[NodeId{5}] == whole->whole[NodeId{6}]);
}

TEST_CASE("frames of a runtime are the same in all snapshots of a process") {
  WholeStackMaker maker(kFunctions, {});
  const test::NodeTable older = {{}, {0, function(1, 3, kFirst)}, {1, function(2, 7)}};
  const test::NodeTable newer = {{}, {0, function(2, 7)}, {0, function(1, 3)}, {0, function(1, 4)}};
  const auto first = maker.make(older);
  const auto second = maker.make(newer);
  REQUIRE(first);
  REQUIRE(second);
  CHECK(first->nodes[NodeId{1}].pc == second->nodes[NodeId{2}].pc);
  CHECK(first->nodes[NodeId{2}].pc == second->nodes[NodeId{1}].pc);
  const std::vector<ScriptFrame> frames = maker.take_frames();
  REQUIRE(frames.size() == 3);
  CHECK(frames[second->nodes[NodeId{3}].pc - kScriptPc].line == 4);
}

TEST_CASE("what a folded stack of a runtime had allocated is taken from its callers' again") {
  // main calls load; below each an object, a native block and, below load's, a mapping.
  const uint64_t mapping = static_cast<uint64_t>(format::Marker::kMapping);
  const test::NodeTable older = {{},
                                 {0, 1 << 20},
                                 {1, evaluator()},
                                 {2, 2 << 20},
                                 {0, function(1, 3, kFirst)},
                                 {4, function(2, 7)},
                                 {5, pair(3, 1)},
                                 {5, pair(3, 0)},
                                 {7, mapping}};
  // load's are folded away: theirs stand at main, without a native stack.
  const test::NodeTable newer = {
      {}, {0, function(1, 3, kFirst)}, {1, pair(0, 1)}, {1, pair(0, 0)}, {1, mapping}};
  WholeStackMaker maker(kFunctions, {});
  auto newest = maker.make(newer);
  const auto before = maker.make(older);
  REQUIRE(newest);
  REQUIRE(before);
  StackJoin join(std::move(newest->nodes), {});
  const auto joined = join.join(before->nodes);
  REQUIRE(joined);
  ByNode<NodeId> whole = before->whole;
  for (NodeId& node : whole) node = (*joined)[node];
  const auto row = [](uint32_t node, uint64_t blocks) {
    StackRow row;
    row.node = NodeId{node};
    row.allocated_blocks = blocks;
    row.allocated_bytes = blocks * 10;
    return row;
  };
  join.add(0, StackRows{{row(6, 100), row(7, 200), row(8, 300)}, {}, true}, whole);
  join.add(1, StackRows{{row(2, 101), row(3, 202), row(4, 303)}, {}, true}, newest->whole);
  std::map<std::pair<Heap, uint32_t>, uint64_t> blocks;  // by heap and last snapshot
  for (const Stack& stack : join.take_stacks()) {
    REQUIRE(stack.samples.size() == 1);
    blocks[{stack.heap, stack.samples[0].snapshot}] = stack.samples[0].allocated_blocks;
  }
  CHECK(blocks == std::map<std::pair<Heap, uint32_t>, uint64_t>{{{Heap::kObjects, 0}, 100},
                                                                {{Heap::kNative, 0}, 200},
                                                                {{Heap::kMapping, 0}, 300},
                                                                {{Heap::kObjects, 1}, 1},
                                                                {{Heap::kNative, 1}, 2},
                                                                {{Heap::kMapping, 1}, 3}});
}

}  // namespace
}  // namespace silt::read
