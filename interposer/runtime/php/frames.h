// SPDX-License-Identifier: Apache-2.0
//
// The PHP frames that a thread runs, from the innermost one on (frame_chain.h). All native frames
// of the evaluator, execute_ex, share one chain: executor_globals leads to its inner end, and a
// frame that a native one began with is marked. Functions of the engine's and its extensions, which
// are written in C, have frames in it as well: `preg_match`, `array_map`.
//
// What is read: at an allocation the chain is whole, since the engine itself may tell of an error
// there (memory is exhausted) with the place where it runs.
//
// A frame notes its instruction before all work in which something may go wrong. Of what allocates,
// only the joining of two texts is not noted: there the instruction is the last one that was, and
// the one that runs stands a little further on. It is told by its code, which begins just before
// the place in the evaluator that the allocation returns to. Hook context.

#ifndef SILT_INTERPOSER_RUNTIME_PHP_FRAMES_H_
#define SILT_INTERPOSER_RUNTIME_PHP_FRAMES_H_

#include <cstdint>

#include "interposer/runtime/frame_chain.h"
#include "interposer/track/thread_state.h"

namespace silt::php {

// The line of what a frame of the function runs: `instruction` is what it has noted, `pc` where the
// evaluator goes on after the call that it is in, 0: unknown or not the innermost frame.
uint32_t line_of(uint64_t function, uint64_t instruction, uint64_t pc);

struct FrameLayout {
  struct Words {
    uint64_t function;  // 0: a frame of none, as generators and fibers have them
    uint64_t previous;
    uint64_t identity;     // of the function: another may lie there meanwhile
    uint64_t instruction;  // 0: of a function in C
    uint64_t pc;           // of the evaluator; of the innermost frame
    bool top;
    bool operator==(const Words&) const = default;
  };
  static Words read(uint64_t frame);
  static uint64_t pc_of(const Words& words);
  static uint32_t names_epoch() { return 0; }
};

using Frames = runtime::FrameChain<FrameLayout>;

// For track::Evaluator. An anchor is the word below the return address of a frame of the evaluator.
track::NodeId find_frames(track::ThreadState& state, uint64_t anchor);
inline constexpr uint64_t kAnchorBelowCaller = 16;

}  // namespace silt::php

#endif  // SILT_INTERPOSER_RUNTIME_PHP_FRAMES_H_
