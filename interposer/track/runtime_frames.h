// SPDX-License-Identifier: Apache-2.0
//
// Frames that are not on the native stack. An interpreter runs the functions of its language in one
// native function of its own, the evaluator, and keeps their frames elsewhere; each native frame of
// the evaluator has an anchor, a place in it from which the frames that it runs are found. A
// runtime that is joined says here which code the evaluator is, where in its frame the anchor lies,
// and how to name what is found there. The stack tree keeps the two kinds apart:
//
//   native stack      nodes as ever, but that a frame of the evaluator is kEvaluator | its begin
//   runtime's frames  a chain of their own from the root, outermost first, of kFunction pcs
//   both together     one node below the innermost of the runtime's, kPair | heap | native stack
//
// so that neither has to be walked or named anew because the other has changed. No address of a
// user process has any of the four highest bits set. Hook context.

#ifndef SILT_INTERPOSER_TRACK_RUNTIME_FRAMES_H_
#define SILT_INTERPOSER_TRACK_RUNTIME_FRAMES_H_

#include <atomic>
#include <cstdint>

#include "interposer/track/stack_table.h"
#include "interposer/unwind/spine.h"

namespace silt::track {

struct ThreadState;

//    63  60 59      58            32 31              0
//   +------+-------+----------------+-----------------+
//   | 1000 | first | function       | line            |   kFunction; first: of those that one
//   +------+-------+----------------+-----------------+   native frame runs, the outermost
//   | 1001 |   -   | heap           | native stack    |   kPair
//   +------+-------+----------------+-----------------+
//   | 1010 | address                                  |   kEvaluator
//   +------+------------------------------------------+
inline constexpr uint64_t kTagMask = uint64_t{15} << 60;
inline constexpr uint64_t kFunctionTag = uint64_t{8} << 60;
inline constexpr uint64_t kPairTag = uint64_t{9} << 60;
inline constexpr uint64_t kEvaluatorTag = uint64_t{10} << 60;
inline constexpr uint64_t kFirstOfNative = uint64_t{1} << 59;
inline constexpr uint32_t kFunctionBits = 27;

constexpr uint64_t function_pc(uint32_t function, uint32_t line, bool first) {
  return kFunctionTag | (first ? kFirstOfNative : 0) | uint64_t{function} << 32 | line;
}

// Whose allocator a block comes from.
enum class BlockHeap : uint32_t { kNative = 0, kRuntime = 1 };

constexpr uint64_t pair_pc(StackId native, BlockHeap heap) {
  return kPairTag | uint64_t{static_cast<uint32_t>(heap)} << 32 | index_of(native);
}
constexpr bool is_pair(uint64_t pc) { return (pc & kTagMask) == kPairTag; }
constexpr StackId native_of(uint64_t pair) { return StackId{static_cast<uint32_t>(pair)}; }
constexpr uint64_t with_native(uint64_t pair, uint32_t native) {
  return (pair & ~uint64_t{UINT32_MAX}) | native;
}
constexpr bool is_runtime_block(uint64_t pc) { return is_pair(pc) && (pc >> 32 & 1) != 0; }

struct Evaluator {
  std::atomic<bool> joined{};  // the rest is set before, and constant afterwards
  uint64_t begin = 0;          // its code
  uint64_t size = 0;
  uint64_t cold_begin = 0;  // the part of it that compilers put elsewhere; size 0: none
  uint64_t cold_size = 0;
  uint64_t anchor_below_cfa = 0;
  uint64_t anchored_from = 0;  // the anchor is not valid while pc - begin is less
  // The node of the innermost frame that is found at the anchor; kRoot: there is none.
  NodeId (*find)(ThreadState& state, uint64_t anchor) = nullptr;
  // Of a stack on which no frame of the evaluator was found: whether the calling thread runs the
  // runtime's functions all the same, beyond code that cannot be walked, such as what it compiles
  // them into. Their frames are found without an anchor then (kNoAnchor). nullptr: never.
  bool (*runs_beyond)() = nullptr;

  bool contains(uint64_t pc) const { return pc - begin < size || pc - cold_begin < cold_size; }
};

inline constexpr uint64_t kNoAnchor = 1;

// Where the frame of the spine has its anchor, if it is one of the evaluator's; else 0.
uint64_t anchor_of(const unwind::Spine& spine, uint32_t index);
// The innermost anchor of the spine, else 0. It lies nearer to sp than the return address of the
// evaluator's frame, so what remembers a stack by distances of its slots has room for this one.
uint64_t innermost_anchor(const unwind::Spine& spine);
// With the frames that a runtime has at the anchor; 0: no evaluator is on the native stack.
StackId with_runtime_frames(ThreadState& state, StackId native, uint64_t anchor, BlockHeap heap);

}  // namespace silt::track

#endif  // SILT_INTERPOSER_TRACK_RUNTIME_FRAMES_H_
