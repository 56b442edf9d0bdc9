// SPDX-License-Identifier: Apache-2.0
//
// Which stacks a round of folding keeps (folding.h): those that counted something since the last
// round, those that have live blocks, their callers, and the native stacks that pairs among them
// refer to. Hook context, for whoever folds; but for note_restored, which any thread calls.

#ifndef SILT_INTERPOSER_TRACK_KEPT_STACKS_H_
#define SILT_INTERPOSER_TRACK_KEPT_STACKS_H_

#include <atomic>
#include <cstdint>

#include "interposer/base/memory.h"
#include "interposer/track/folding_pace.h"
#include "interposer/track/live_table.h"
#include "interposer/track/stack_table.h"

namespace silt::track {

class KeptStacks {
 public:
  // What is noted of a node, but for a few bits.
  static constexpr uint64_t kNodeBytes = sizeof(uint32_t);

  // A round over all ids below `limit` begins.
  void begin_round(uint32_t limit);

  // Each does a part of its step and says whether the step is done. `settled`: the last round has
  // waited for all hooks that began before it.
  bool count(FoldingPace& pace, bool settled);
  bool scan(FoldingPace& pace, LiveTable& live);
  void scan_others();
  bool mark(FoldingPace& pace);

  // Right when all of them are done.
  bool is_kept(NodeId id);
  uint64_t live_bytes() const { return live_bytes_; }

  // A block of this stack, which had been taken out of the live table, was put back.
  void note_restored(StackId stack) {
    std::atomic<uint64_t>* const word = restored_.ensure(index_of(stack) / 64);
    if (word != nullptr)
      word->fetch_or(uint64_t{1} << index_of(stack) % 64, std::memory_order_relaxed);
  }
  // Whether it counted something since `count`, or got a block put back. `blocks`: what it has
  // counted.
  bool is_in_use_again(NodeId id, uint64_t blocks);

  // Its id was given back.
  void forget(NodeId id) {
    uint32_t* const counted = counted_.find(index_of(id));
    if (counted != nullptr) *counted = 0;
  }

 private:
  static constexpr size_t kWords = kMaximumNodes / 64;

  void keep(NodeId id);
  void keep_callers(NodeId id);
  void note_live(StackId stack, uint64_t bytes);
  bool is_restored(NodeId id);

  uint32_t limit_ = 0;
  LiveTable::Cursor cursor_;
  uint64_t live_bytes_ = 0;

  // By id: blocks counted at the last round, plus one, modulo 2^32; 0: not there at the time.
  base::ChunkedArray<uint32_t, 4096, kMaximumNodes / 4096> counted_;
  // A bit by id.
  base::ChunkedArray<uint64_t, 512, kWords / 512> kept_;
  base::ChunkedArray<std::atomic<uint64_t>, 512, kWords / 512> restored_;
};

}  // namespace silt::track

#endif  // SILT_INTERPOSER_TRACK_KEPT_STACKS_H_
