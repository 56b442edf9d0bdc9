// SPDX-License-Identifier: Apache-2.0
//
// From the anchor of the evaluator's innermost frame to the node of the innermost Python frame, by
// what a thread keeps of the frames that it found last (frame_chain.h). Hook context.

#ifndef SILT_INTERPOSER_RUNTIME_PYTHON_FRAMES_H_
#define SILT_INTERPOSER_RUNTIME_PYTHON_FRAMES_H_

#include <cstdint>

#include "interposer/runtime/frame_chain.h"
#include "interposer/runtime/python/functions.h"
#include "interposer/track/thread_state.h"

namespace silt::python {

struct FrameLayout {
  struct Words {
    uint64_t code;
    uint64_t previous;
    uint64_t instruction;
    bool entry;
    bool operator==(const Words&) const = default;
  };
  static Words read(uint64_t frame);
  static uint64_t pc_of(const Words& words) {
    const Place place = place_of(words.code, words.instruction);
    return track::function_pc(place.function, place.line, words.entry);
  }
  static uint32_t names_epoch() { return code_epoch.load(std::memory_order_acquire); }
};

using Frames = runtime::FrameChain<FrameLayout>;

// For track::Evaluator.
track::NodeId find_frames(track::ThreadState& state, uint64_t anchor);

// The calling thread's stack of frames is being unmapped, and the anchor not yet changed.
void leave_frames_at(uint64_t begin, uint64_t size);

}  // namespace silt::python

#endif  // SILT_INTERPOSER_RUNTIME_PYTHON_FRAMES_H_
