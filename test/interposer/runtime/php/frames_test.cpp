// SPDX-License-Identifier: Apache-2.0
//
// Chains of PHP frames in memory laid out as the engine's, and what the walk makes of them.

#include "interposer/runtime/php/frames.h"

#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "interposer/runtime/function_names.h"
#include "interposer/runtime/php/functions.h"
#include "interposer/track/recorder.h"
#include "test/interposer/runtime/php/engine.h"
#include "test/interposer/runtime/prepared_stacks.h"

namespace silt::php {
namespace {

using track::NodeId;
using track::recorder;

struct Stack {
  Engine engine;
  track::ThreadStatistics statistics{};
  std::unique_ptr<Frames> frames{new Frames()};  // all zero, as mapped memory is

  // "name:line name:line", innermost first; an asterisk behind the outermost of a native frame.
  std::string update(uint64_t innermost) {
    NodeId node = frames->update(innermost, &statistics.walks_truncated);
    std::string text;
    while (node != track::kRoot) {
      NodeId parent;
      uint64_t pc;
      REQUIRE(recorder.stacks.read_node(node, &parent, &pc));
      const auto function = static_cast<uint32_t>(pc >> 32 & ((1u << track::kFunctionBits) - 1));
      text += (text.empty() ? "" : " ") + std::string(runtime::function_at(function).name) + ":" +
              std::to_string(static_cast<uint32_t>(pc)) +
              ((pc & track::kFirstOfNative) != 0 ? "*" : "");
      node = parent;
    }
    return text;
  }
};

const runtime::Function& read_back(uint64_t function) {
  return runtime::function_at(number_of(function));
}

Stack prepared() {
  REQUIRE(test::stacks_are_prepared());
  return Stack{};
}

TEST_CASE("PHP frames have the names and lines of those that run") {
  Stack stack = prepared();
  Engine& engine = stack.engine;
  CHECK(stack.update(0).empty());
  const uint64_t main = engine.frame(engine.user("", 1), 0, 4, true);
  CHECK(stack.update(main) == "{main}:5*");
  const uint64_t load = engine.frame(engine.user("load", 20), main, 2);
  CHECK(stack.update(load) == "load:22 {main}:5*");
  Engine::at(load, 3);
  CHECK(stack.update(load) == "load:23 {main}:5*");
  Engine::at(main, 6);
  CHECK(stack.update(load) == "load:23 {main}:7*");
  CHECK(stack.update(main) == "{main}:7*");
}

TEST_CASE("functions in C have frames without a line, and none that begins a native one") {
  Stack stack = prepared();
  Engine& engine = stack.engine;
  const uint64_t main = engine.frame(engine.user("", 1), 0, 0, true);
  const uint64_t map = engine.frame(engine.internal("array_map"), main, 0, true);
  const uint64_t each = engine.frame(engine.user("{closure}", 40), map, 1, true);
  CHECK(stack.update(each) == "{closure}:41* array_map:0 {main}:1*");
  // What generators and fibers put in between is left out.
  const uint64_t stands_in = engine.frame(0, main);
  const uint64_t unnamed = engine.frame(engine.internal(""), stands_in);
  const uint64_t row = engine.frame(engine.user("rows", 50), unnamed, 0, true);
  CHECK(stack.update(row) == "rows:50* {main}:1*");
}

TEST_CASE("another function that comes to lie at the same address has its own name") {
  Stack stack = prepared();
  Engine& engine = stack.engine;
  const uint64_t main = engine.frame(engine.user("", 1), 0, 0, true);
  const uint64_t function = engine.user("first", 10);
  const uint64_t frame = engine.frame(function, main, 1);
  CHECK(stack.update(frame) == "first:11 {main}:1*");
  const uint64_t code = field(function, kCodeInstructions);
  engine.fill(function, "second", 10, "/app.php");
  put(function, kCodeInstructions, code);  // its instructions as well
  CHECK(stack.update(frame) == "second:11 {main}:1*");
  // The same text at the same place, compiled anew from another file.
  put(function, kCodeFile, engine.text("/other.php"));
  const uint32_t before = number_of(engine.user("second", 10));
  CHECK(number_of(function) != before);
  CHECK(std::string(read_back(function).name) == "second");
}

TEST_CASE("equal functions have one number wherever they lie") {
  Stack stack = prepared();
  Engine& engine = stack.engine;
  const uint64_t shop = engine.class_of("Shop");
  const uint32_t number = number_of(engine.user("buy", 7, "/shop.php", shop));
  CHECK(number_of(engine.user("buy", 7, "/shop.php", engine.class_of("Shop"))) == number);
  CHECK(number_of(engine.user("buy", 8, "/shop.php", shop)) != number);
  CHECK(number_of(engine.user("buy", 7, "/mall.php", shop)) != number);
  CHECK(number_of(engine.user("buy", 7, "/shop.php")) != number);
  CHECK(number_of(engine.user("sell", 7, "/shop.php", shop)) != number);
}

TEST_CASE("names have their class, and nothing of where an anonymous one was declared") {
  Stack stack = prepared();
  Engine& engine = stack.engine;
  const std::string anonymous("class@anonymous\0/srv/app.php:12$0", 33);
  CHECK(std::string(read_back(engine.user("run", 3, "/a.php", engine.class_of("Job"))).name) ==
        "Job::run");
  CHECK(std::string(read_back(engine.user("run", 3, "/a.php", engine.class_of(anonymous))).name) ==
        "class@anonymous::run");
  const runtime::Function& code = read_back(engine.user("", 1, "/index.php"));
  CHECK(std::string(code.name) == "{main}");
  CHECK(std::string(runtime::file_at(code.file)) == "/index.php");
  CHECK(std::string(code.runtime) == "php");
  CHECK(std::string(read_back(engine.internal("query", engine.class_of("PDO"))).name) ==
        "PDO::query");
}

TEST_CASE("texts that the engine has no hash of yet are read") {
  Stack stack = prepared();
  Engine& engine = stack.engine;
  const uint64_t first = engine.user("f", 3);
  const uint64_t second = engine.user("f", 3);
  put(first, kFunctionName, engine.text("made_at_run_time", false));
  put(second, kFunctionName, engine.text("made_at_rest_time", false));
  CHECK(std::string(read_back(first).name) == "made_at_run_time");
  CHECK(std::string(read_back(second).name) == "made_at_rest_time");
}

TEST_CASE("the joining of texts is told by the code that runs, behind what was noted") {
  Stack stack = prepared();
  Engine& engine = stack.engine;
  const uint64_t function = engine.user("f", 100);
  const uint64_t code = field(function, kCodeInstructions);
  const auto instruction = [&](uint32_t i, uint64_t handler, uint8_t kind) {
    put(code, i * kInstructionBytes + kInstructionHandler, handler);
    put(code, i * kInstructionBytes + kInstructionKind, kind);
  };
  constexpr uint8_t kAssign = 22;
  for (uint32_t i = 0; i < Engine::kInstructions; ++i) instruction(i, 0x9000, kAssign);
  instruction(0, 0x5000, kAssign);
  instruction(1, 0x3000, kAssign);
  instruction(2, 0x4000, kConcat);
  instruction(3, 0x4000, kConcat);
  const auto line = [&](uint64_t pc) { return line_of(function, code, pc); };
  CHECK(line(0) == 100);
  CHECK(line(0x5010) == 100);          // what was noted runs
  CHECK(line(0x4010) == 102);          // the first of those with this code
  CHECK(line(0x3010) == 100);          // another kind of instruction would have been noted
  CHECK(line(0x4000 + 0x300) == 100);  // too far behind: code that was put elsewhere
  CHECK(line(0x2000) == 100);
  // Not beyond the end, and not where the instruction is none of the function's.
  CHECK(line_of(function, code + 31 * kInstructionBytes, 0x4010) == 131);
  CHECK(line_of(function, code + 32 * kInstructionBytes, 0x4010) == 100);
  CHECK(line_of(function, 0, 0x4010) == 100);
}

TEST_CASE("a recursion that is very deep is cut, and keeps its inner end") {
  Stack stack = prepared();
  Engine& engine = stack.engine;
  const uint64_t function = engine.user("f", 1);
  uint64_t frame = engine.frame(engine.user("", 1), 0, 0, true);
  for (uint32_t i = 0; i < 2000; ++i) frame = engine.frame(function, frame, i % 2);
  CHECK(stack.update(frame).starts_with("f:2 f:1 f:2 f:1 "));
  CHECK(stack.statistics.walks_truncated == 1);
}

}  // namespace
}  // namespace silt::php
