// SPDX-License-Identifier: Apache-2.0
//
// See frames.h. Hook context.

#include "interposer/runtime/php/frames.h"

#include "interposer/base/memory.h"
#include "interposer/runtime/php/functions.h"
#include "interposer/runtime/php/interpreter.h"
#include "interposer/runtime/php/layout.h"

namespace silt::php {
namespace {

// What is read now: the innermost frame, where the evaluator goes on with it.
struct Innermost {
  uint64_t frame;
  uint64_t pc;
};
// PHP without threads has one thread that runs it.
constinit Innermost g_innermost{};

// How far the joining of texts may lie behind the instruction that was noted, and how long the code
// of one is.
constexpr uint64_t kMostAhead = 16;
constexpr uint64_t kLongestCode = 512;

bool joins_texts(uint64_t instruction) {
  const auto kind = field<uint8_t>(instruction, kInstructionKind);
  return kind == kConcat || kind == kFastConcat;
}

}  // namespace

uint32_t line_of(uint64_t function, uint64_t instruction, uint64_t pc) {
  const uint64_t offset = instruction - field(function, kCodeInstructions);
  const uint64_t size = uint64_t{field<uint32_t>(function, kCodeCount)} * kInstructionBytes;
  // In the middle of an exception it is none of the function's.
  if (offset >= size) return field<uint32_t>(function, kCodeFirstLine);
  uint64_t runs = instruction;
  uint64_t begin = field(instruction, kInstructionHandler);  // of the code nearest to the place
  if (begin >= pc) begin = 0;
  uint64_t at = instruction;
  for (uint64_t i = 1; pc != 0 && i <= kMostAhead && offset + i * kInstructionBytes < size; ++i) {
    at += kInstructionBytes;
    const auto code = field(at, kInstructionHandler);
    if (code >= pc || code <= begin) continue;
    begin = code;
    runs = at;
  }
  if (runs != instruction && (!joins_texts(runs) || pc - begin > kLongestCode)) runs = instruction;
  return field<uint32_t>(runs, kInstructionLine);
}

FrameLayout::Words FrameLayout::read(uint64_t frame) {
  Words words{field(frame, kFrameFunction), field(frame, kFramePrevious), 0, 0, 0, false};
  if (words.function == 0) return words;
  words.identity = identity_of(words.function);
  if (field<uint8_t>(words.function, kFunctionKind) == kInternal) {
    // What a fiber begins with has no name, and nobody has called it.
    if (field(words.function, kFunctionName) == 0) words.function = 0;
    return words;
  }
  words.instruction = field(frame, kFrameInstruction);
  words.pc = frame == g_innermost.frame ? g_innermost.pc : 0;
  words.top = (field<uint32_t>(frame, kFrameCallInfo) & kCallTop) != 0;
  return words;
}

uint64_t FrameLayout::pc_of(const Words& words) {
  if (words.function == 0) return 0;
  const uint32_t line =
      words.instruction == 0 ? 0 : line_of(words.function, words.instruction, words.pc);
  return track::function_pc(number_of(words.function), line, words.top);
}

track::NodeId find_frames(track::ThreadState& state, uint64_t anchor) {
  const auto innermost = field(interpreter.globals, kCurrentFrame);
  if (innermost == 0) return track::kRoot;
  auto* frames = static_cast<Frames*>(state.runtime);
  if (frames == nullptr) [[unlikely]] {
    frames = static_cast<Frames*>(base::map_within_limit(sizeof(Frames)));
    if (frames == nullptr) return track::kRoot;
    state.runtime = frames;
  }
  // Where its frames have one size, the word below them is where the call that it is in returns to.
  const uint64_t below = interpreter.evaluator_frame_bytes;
  g_innermost = {innermost, below == 0 || anchor == track::kNoAnchor
                                ? 0
                                : field(anchor + kAnchorBelowCaller - below - sizeof(uint64_t), 0)};
  return frames->update(innermost, &state.statistics.walks_truncated);
}

}  // namespace silt::php
