// SPDX-License-Identifier: Apache-2.0
//
// From the anchor of the evaluator's innermost frame to the node of the innermost Python frame.
//
// As with the native stack (unwind/spine.h), a thread keeps the Python frames that it found last,
// outermost first, with the words that they depend on: function, instruction, next outer frame. The
// chain is followed from the innermost frame only until it meets one that is kept; then the words
// of all that are kept are compared, which are independent loads. Equal words mean an equal chain,
// by the same induction. So a frame that has gone on to another line is seen, though the native
// stack is the same.
//
// Where an outer frame is in another line, the frames inside it are named anew; where the chain
// leads elsewhere it is followed from there. A chain that is very deep is cut: its innermost frames
// are kept. Hook context; owned by one thread.

#ifndef SILT_INTERPOSER_RUNTIME_PYTHON_FRAMES_H_
#define SILT_INTERPOSER_RUNTIME_PYTHON_FRAMES_H_

#include <cstdint>

#include "interposer/track/stack_table.h"
#include "interposer/track/thread_state.h"

namespace silt::python {

// A chain that would get longer is cut to so many. (At a recursion of 100,000, an allocation at
// each level makes 128 names for every 384 levels.)
inline constexpr uint32_t kMostFrames = 512;
inline constexpr uint32_t kCutFrames = 128;

class Frames {
 public:
  // The node of the innermost frame, kRoot: none; that of kOverflowStack when a table is full.
  // `truncated` counts chains that were cut.
  track::NodeId update(uint64_t innermost, uint64_t* truncated);

 private:
  struct Words {
    uint64_t code;
    uint64_t previous;
    uint64_t instruction;
    bool entry;
    bool operator==(const Words&) const = default;
  };
  static Words read(uint64_t frame);

  bool push(uint64_t frame, const Words& words);
  void cut();
  track::NodeId name(uint32_t from);

  uint32_t epoch_;       // of code objects
  uint32_t node_epoch_;  // of nodes, as spines have it
  uint32_t count_;
  bool cut_;  // outer frames are missing
  uint32_t fresh_count_;
  uint64_t frames_[kMostFrames];
  Words words_[kMostFrames];
  track::NodeId nodes_[kMostFrames];
  uint64_t fresh_frames_[kMostFrames];  // innermost first
  Words fresh_words_[kMostFrames];
};

// For track::Evaluator.
track::NodeId find_frames(track::ThreadState& state, uint64_t anchor);

// The calling thread's stack of frames is being unmapped, and the anchor not yet changed.
void leave_frames_at(uint64_t begin, uint64_t size);

}  // namespace silt::python

#endif  // SILT_INTERPOSER_RUNTIME_PYTHON_FRAMES_H_
