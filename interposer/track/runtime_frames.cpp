// SPDX-License-Identifier: Apache-2.0
//
// See runtime_frames.h. Hook context.

#include "interposer/track/runtime_frames.h"

#include "interposer/track/recorder.h"

namespace silt::track {

uint64_t anchor_of(const unwind::Spine& spine, uint32_t index) {
  const Evaluator& evaluator = recorder.evaluator;
  const uint64_t pc = spine.pc(index) - 1;
  if (!evaluator.contains(pc)) return 0;
  // Interrupted by a signal before it has filled in what the anchor leads to. (Behind a saved
  // context the spine has a second pair of slots.)
  const bool interrupted = index + 1 < spine.count() && spine.pc(index + 1) == 0;
  if (interrupted && pc - evaluator.begin < evaluator.anchored_from) return 0;
  while (index > 0) {
    if (spine.pc(--index) != 0) return spine.frame(index).sp - evaluator.anchor_below_cfa;
  }
  return 0;
}

uint64_t innermost_anchor(const unwind::Spine& spine) {
  for (uint32_t i = spine.count(); i-- > 1;) {
    const uint64_t anchor = anchor_of(spine, i);
    if (anchor != 0) return anchor;
  }
  return 0;
}

StackId with_runtime_frames(ThreadState& state, StackId native, uint64_t anchor, BlockHeap heap) {
  const NodeId inner = anchor == 0 ? kRoot : recorder.evaluator.find(state, anchor);
  if (inner == kRoot && heap == BlockHeap::kNative) return native;
  const NodeId both = recorder.stacks.child(inner, pair_pc(native, heap));
  return both != kRoot ? stack_at(both) : kOverflowStack;
}

}  // namespace silt::track
