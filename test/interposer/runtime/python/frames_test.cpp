// SPDX-License-Identifier: Apache-2.0
//
// Chains of Python frames in memory laid out as the interpreter's, and what the walk makes of them
// when frames come, go, and move on to other lines.

#include "interposer/runtime/python/frames.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "interposer/runtime/function_names.h"
#include "interposer/runtime/python/functions.h"
#include "interposer/runtime/python/layout.h"
#include "interposer/runtime/python/text.h"
#include "interposer/track/recorder.h"
#include "test/interposer/runtime/prepared_stacks.h"

namespace silt::python {
namespace {

using track::NodeId;
using track::recorder;

template <typename T>
void put(uint64_t object, size_t offset, T value) {
  std::memcpy(reinterpret_cast<char*>(object) + offset, &value, sizeof(value));
}

// Memory of the process that looks like Python's objects; freed with it.
class Memory {
 public:
  uint64_t make(size_t size) {
    pieces_.push_back(std::make_unique<char[]>(size + 16));
    std::memset(pieces_.back().get(), 0, size + 16);
    return reinterpret_cast<uint64_t>(pieces_.back().get());
  }
  uint64_t text(const std::string& content) {
    const uint64_t object = make(kTextAsciiData + content.size() + 1);
    put<int64_t>(object, kTextLength, static_cast<int64_t>(content.size()));
    put<uint32_t>(object, kTextState, 1 << 2 | 1 << 5 | 1 << 6 | 1 << 7);
    std::memcpy(reinterpret_cast<char*>(object) + kTextAsciiData, content.data(), content.size());
    return object;
  }

 private:
  std::vector<std::unique_ptr<char[]>> pieces_;
};

// A function whose instruction i stands in line first_line + i.
void fill_code(Memory& memory, uint64_t code, const std::string& name, uint32_t first_line,
               uint32_t instructions) {
  std::string table;
  for (uint32_t i = 0; i < instructions; ++i) {
    table += static_cast<char>(0x80 | (i == 0 ? 10 : 11) << 3);
    table += std::string(2, '\0');
  }
  const uint64_t bytes = memory.make(kBytesData + table.size());
  put<int64_t>(bytes, kObjectSize, static_cast<int64_t>(table.size()));
  std::memcpy(reinterpret_cast<char*>(bytes) + kBytesData, table.data(), table.size());
  put<int64_t>(code, kObjectSize, instructions);
  put<int32_t>(code, kCodeFirstLine, static_cast<int32_t>(first_line));
  put<uint64_t>(code, kCodeName, memory.text(name));
  put<uint64_t>(code, kCodeFile, memory.text("/app.py"));
  put<uint64_t>(code, kCodeLines, bytes);
}

struct Stack {
  Memory memory;
  track::ThreadStatistics statistics{};
  std::unique_ptr<Frames> frames{new Frames()};  // all zero, as mapped memory is

  uint64_t code(const std::string& name, uint32_t first_line, uint32_t instructions = 8) {
    const uint64_t made = memory.make(kCodeInstructions + 2 * instructions);
    fill_code(memory, made, name, first_line, instructions);
    return made;
  }
  uint64_t frame(uint64_t code, uint64_t previous, uint32_t instruction, bool entry = false) {
    const uint64_t made = memory.make(80);
    put(made, kFrameCode, code);
    put(made, kFramePrevious, previous);
    put<uint8_t>(made, kFrameIsEntry, entry ? 1 : 0);
    at(made, instruction);
    return made;
  }
  void at(uint64_t frame, uint32_t instruction) {
    put(frame, kFrameInstruction,
        field<uint64_t>(frame, kFrameCode) + kCodeInstructions + 2 * instruction);
  }

  // "name:line name:line", innermost first; an asterisk behind the outermost of a native frame.
  std::string update(uint64_t innermost) {
    return said(frames->update(innermost, &statistics.walks_truncated));
  }
  static std::string said(NodeId node) {
    std::string text;
    while (node != track::kRoot) {
      NodeId parent;
      uint64_t pc;
      REQUIRE(recorder.stacks.read_node(node, &parent, &pc));
      if (!text.empty()) text += " ";
      if ((pc & track::kTagMask) != track::kFunctionTag) {
        text += "#" + std::to_string(pc);
      } else {
        const auto function = static_cast<uint32_t>(pc >> 32 & ((1u << track::kFunctionBits) - 1));
        text += std::string(runtime::function_at(function).name) + ":" +
                std::to_string(static_cast<uint32_t>(pc)) +
                ((pc & track::kFirstOfNative) != 0 ? "*" : "");
      }
      node = parent;
    }
    return text;
  }
};

Stack& prepared() {
  REQUIRE(test::stacks_are_prepared());
  static std::vector<std::unique_ptr<Stack>> stacks;  // code objects must not share addresses
  stacks.push_back(std::make_unique<Stack>());
  return *stacks.back();
}

TEST_CASE("a chain is named from the innermost frame outwards") {
  Stack& stack = prepared();
  const uint64_t module = stack.frame(stack.code("<module>", 1), 0, 3, true);
  const uint64_t f = stack.frame(stack.code("f", 10), module, 2);
  const uint64_t g = stack.frame(stack.code("f.<locals>.g", 20), f, 0, true);
  CHECK(stack.update(g) == "f.<locals>.g:20* f:12 <module>:4*");
}

TEST_CASE("a frame that has gone on to another line is seen, wherever in the chain it stands") {
  Stack& stack = prepared();
  const uint64_t module = stack.frame(stack.code("<module>", 1), 0, 3, true);
  const uint64_t f = stack.frame(stack.code("f", 10), module, 2);
  const uint64_t g = stack.frame(stack.code("g", 20), f, 0);
  CHECK(stack.update(g) == "g:20 f:12 <module>:4*");
  stack.at(g, 5);
  CHECK(stack.update(g) == "g:25 f:12 <module>:4*");
  stack.at(module, 1);
  CHECK(stack.update(g) == "g:25 f:12 <module>:2*");
  stack.at(f, 7);
  stack.at(g, 1);
  CHECK(stack.update(g) == "g:21 f:17 <module>:2*");
  CHECK(stack.update(f) == "f:17 <module>:2*");
  CHECK(stack.update(g) == "g:21 f:17 <module>:2*");
}

TEST_CASE("frames at an old address with another caller are not taken for the old ones") {
  Stack& stack = prepared();
  const uint64_t module = stack.frame(stack.code("<module>", 1), 0, 0, true);
  const uint64_t a = stack.frame(stack.code("a", 100), module, 0);
  const uint64_t b = stack.frame(stack.code("b", 200), module, 0);
  const uint64_t leaf = stack.frame(stack.code("leaf", 300), a, 0);
  CHECK(stack.update(leaf) == "leaf:300 a:100 <module>:1*");
  put(leaf, kFramePrevious, b);
  CHECK(stack.update(leaf) == "leaf:300 b:200 <module>:1*");
  put(leaf, kFramePrevious, uint64_t{0});
  CHECK(stack.update(leaf) == "leaf:300");
  put(leaf, kFramePrevious, a);
  CHECK(stack.update(leaf) == "leaf:300 a:100 <module>:1*");
}

TEST_CASE("a frame that another native frame runs now is another place") {
  Stack& stack = prepared();
  const uint64_t module = stack.frame(stack.code("<module>", 1), 0, 0, true);
  const uint64_t f = stack.frame(stack.code("f", 10), module, 0);
  CHECK(stack.update(f) == "f:10 <module>:1*");
  put<uint8_t>(f, kFrameIsEntry, 1);
  CHECK(stack.update(f) == "f:10* <module>:1*");
}

TEST_CASE("another function at the address of one that was freed has its own name") {
  Stack& stack = prepared();
  const uint64_t code = stack.code("one", 10);
  const uint64_t frame = stack.frame(code, 0, 1, true);
  CHECK(stack.update(frame) == "one:11*");
  forget_code(code);
  fill_code(stack.memory, code, "two", 50, 8);
  CHECK(stack.update(frame) == "two:51*");
  forget_code(code);
  fill_code(stack.memory, code, "one", 10, 8);
  CHECK(stack.update(frame) == "one:11*");
}

TEST_CASE("equal functions have one number, however often they are made") {
  Stack& stack = prepared();
  const uint64_t code = stack.code("again", 77);
  const Place first = place_of(code, code + kCodeInstructions);
  const uint32_t count = runtime::function_count();
  for (int i = 0; i < 1000; ++i) {
    forget_code(code);
    CHECK(place_of(code, code + kCodeInstructions).function == first.function);
  }
  CHECK(runtime::function_count() == count);
}

TEST_CASE("code that comes and goes leaves a table as large as what lives") {
  Stack& stack = prepared();
  const uint64_t living = stack.code("living", 5);
  const uint32_t function = place_of(living, living + kCodeInstructions).function;
  uint64_t most = 0, at_once = 0;
  for (uint32_t i = 0; i < 20000; ++i) {
    const uint64_t code = stack.code("gone", 90);
    CHECK(place_of(code, code + kCodeInstructions).line == 90);
    forget_code(code);
    // A round of folding now and then; what was replaced goes at the second.
    if (i % 1000 == 999) unmap_old_code_tables(i + 1);
    if (i == 999) at_once = code_bytes();
    most = std::max(most, code_bytes());
  }
  CHECK(place_of(living, living + kCodeInstructions).function == function);
  CHECK(most <= 4 * at_once);
  // Without rounds of folding old tables stay, but no more than the newest takes.
  for (uint32_t i = 0; i < 20000; ++i) {
    const uint64_t code = stack.code("gone", 90);
    place_of(code, code + kCodeInstructions);
    forget_code(code);
  }
  CHECK(code_bytes() < (uint64_t{8} << 20));
  CHECK(place_of(living, living + kCodeInstructions).function == function);
}

TEST_CASE("a deep chain keeps its innermost frames, and says that it was cut") {
  Stack& stack = prepared();
  const uint64_t code = stack.code("down", 1);
  uint64_t frame = stack.frame(stack.code("<module>", 1), 0, 0, true);
  std::vector<uint64_t> all;
  for (int i = 0; i < 3000; ++i) {
    frame = stack.frame(code, frame, 4);
    all.push_back(frame);
    const std::string said = stack.update(frame);
    CHECK(said.starts_with("down:5 "));
    CHECK(said.ends_with(i < static_cast<int>(runtime::kMostFrames) - 1 ? " <module>:1*" : " #2"));
  }
  // Not once a level: the work for all levels together stays in proportion to their number.
  CHECK(stack.statistics.walks_truncated > 0);
  CHECK(stack.statistics.walks_truncated < 3000 / (runtime::kMostFrames - runtime::kCutFrames) + 2);
  while (!all.empty()) {
    CHECK(stack.update(all.back()).starts_with("down:5"));
    all.pop_back();
  }
  CHECK(stack.statistics.walks_truncated < 60);
}

TEST_CASE("texts of any width become UTF-8, cut between characters") {
  Memory memory;
  const uint64_t wide = memory.make(kTextData + 64);
  put<int64_t>(wide, kTextLength, 3);
  put<uint32_t>(wide, kTextState, 4 << 2 | 1 << 5 | 1 << 7);
  const uint32_t characters[] = {0xe9, 0x20ac, 0x1f40d};
  std::memcpy(reinterpret_cast<char*>(wide) + kTextData, characters, sizeof(characters));
  char text[64];
  copy_text(wide, text, sizeof(text));
  CHECK(std::string(text) == "\u00e9\u20ac\U0001f40d");
  char small[6];
  copy_text(wide, small, sizeof(small));
  CHECK(std::string(small) == "\u00e9");
}

}  // namespace
}  // namespace silt::python
