// SPDX-License-Identifier: Apache-2.0
//
// From the innermost frame of an interpreter's functions to its node, for track::Evaluator.
//
// As with the native stack (unwind/spine.h), a thread keeps the frames that it found last,
// outermost first, with the words that they depend on: function, instruction, next outer frame. The
// chain is followed from the innermost frame only until it meets one that is kept; then the words
// of all that are kept are compared, which are independent loads. Equal words mean an equal chain,
// by the same induction. So a frame that has gone on to another line is seen, though the native
// stack is the same.
//
// Where an outer frame is in another line, the frames inside it are named anew; where the chain
// leads elsewhere it is followed from there. A chain that is very deep is cut: its innermost frames
// are kept. Hook context; owned by one thread.

#ifndef SILT_INTERPOSER_RUNTIME_FRAME_CHAIN_H_
#define SILT_INTERPOSER_RUNTIME_FRAME_CHAIN_H_

#include <cstdint>

#include "interposer/track/recorder.h"
#include "interposer/track/runtime_frames.h"
#include "interposer/track/stack_table.h"

namespace silt::runtime {

// A chain that would get longer is cut to so many. (At a recursion of 100,000, an allocation at
// each level makes 128 names for every 384 levels.)
inline constexpr uint32_t kMostFrames = 512;
inline constexpr uint32_t kCutFrames = 128;

// Interpreter: how the frames of one are laid out.
//   Words                 what a frame's name depends on, and `previous`, the address of the next
//                         outer one, 0: none; comparable
//   read(frame)           its words
//   pc_of(words)          its name as the stack tree has it; 0: it is none of a function
//   names_epoch()         changes when names that were looked up may be others'
// All zero is valid and empty.
template <typename Interpreter>
class FrameChain {
 public:
  // The node of the innermost frame, kRoot: none; that of kOverflowStack when a table is full.
  // `truncated` counts chains that were cut.
  track::NodeId update(uint64_t innermost, uint64_t* truncated) {
    const uint32_t epoch = Interpreter::names_epoch();
    const uint32_t node_epoch = track::recorder.epoch.load(std::memory_order_acquire);
    if (epoch_ != epoch || node_epoch_ != node_epoch) {
      epoch_ = epoch;
      node_epoch_ = node_epoch;
      count_ = 0;
    }
    fresh_count_ = 0;
    uint64_t frame = innermost;
    uint32_t candidates = count_;  // frames [0, candidates) may still be met
    uint32_t stale = UINT32_MAX;   // the outermost kept frame that has another name now
    bool met = false;
    bool deep = false;
    while (frame != 0 && !met && !deep) {
      uint32_t at = candidates;
      while (at > 0 && frames_[at - 1] != frame) --at;
      if (at == 0) {
        const Words words = Interpreter::read(frame);
        deep = !push(frame, words);
        frame = words.previous;
        continue;
      }
      candidates = at;
      bool leads_on = true;
      for (; at > 0 && leads_on; --at) {
        const Words words = Interpreter::read(frames_[at - 1]);
        Words& known = words_[at - 1];
        if (words == known) continue;
        leads_on = words.previous == known.previous;
        known = words;
        stale = at - 1;
      }
      met = leads_on;
      if (met) break;
      // Frames [at, candidates) are as they were just read; outside them the chain has changed.
      for (uint32_t i = candidates; i > at && !deep; --i) {
        deep = !push(frames_[i - 1], words_[i - 1]);
      }
      frame = words_[at].previous;
      candidates = at;
      stale = UINT32_MAX;
    }
    count_ = met ? candidates : 0;
    if (!met) cut_ = false;
    if (deep || count_ + fresh_count_ > kMostFrames) [[unlikely]] {
      cut();
      stale = 0;
      ++*truncated;
    }
    const uint32_t kept = count_;
    count_ += fresh_count_;
    for (uint32_t i = kept; i < count_; ++i) {
      frames_[i] = fresh_frames_[count_ - 1 - i];
      words_[i] = fresh_words_[count_ - 1 - i];
    }
    if (count_ == 0) return track::kRoot;
    const uint32_t from = stale < kept ? stale : kept;
    return from == count_ ? nodes_[count_ - 1] : name(from);
  }

 private:
  using Words = typename Interpreter::Words;

  bool push(uint64_t frame, const Words& words) {
    if (fresh_count_ == kMostFrames) return false;
    fresh_frames_[fresh_count_] = frame;
    fresh_words_[fresh_count_++] = words;
    return true;
  }

  // Keeps the innermost of all.
  void cut() {
    const uint32_t fresh = fresh_count_ < kCutFrames ? fresh_count_ : kCutFrames;
    uint32_t kept = kCutFrames - fresh;
    if (kept > count_) kept = count_;
    for (uint32_t i = 0; i < kept; ++i) {
      frames_[i] = frames_[count_ - kept + i];
      words_[i] = words_[count_ - kept + i];
    }
    count_ = kept;
    fresh_count_ = fresh;
    cut_ = true;
  }

  // Names the frames from this index on; returns the innermost one's node.
  track::NodeId name(uint32_t from) {
    track::NodeId node = from > 0 ? nodes_[from - 1] : track::kRoot;
    if (from == 0 && cut_) {
      node = track::recorder.stacks.child(track::kRoot, track::kMarkerTruncated);
    }
    for (uint32_t i = from; i < count_; ++i) {
      const uint64_t pc = Interpreter::pc_of(words_[i]);
      if (pc != 0) {
        node = track::recorder.stacks.child(node, pc);
        if (node == track::kRoot) {
          count_ = 0;
          return track::innermost_of(track::kOverflowStack);
        }
      }
      nodes_[i] = node;
    }
    return node;
  }

  uint32_t epoch_;       // of names
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

}  // namespace silt::runtime

#endif  // SILT_INTERPOSER_RUNTIME_FRAME_CHAIN_H_
