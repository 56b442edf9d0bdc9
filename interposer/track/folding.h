// SPDX-License-Identifier: Apache-2.0
//
// Folding: stacks without live blocks that have not been seen for some time are given back, for a
// leak detector must not leak. What they counted goes to their callers' nodes, so that sums stay
// what they were; their ids are used again.
//
// It goes in rounds, and a round in slices of less than a millisecond, taken by whichever thread
// allocates next: no slice, no round, and nothing grows either. A round begins when the tree has
// grown by a quarter since the last one, or sooner where silt is larger than it wants to be
// (own_size.h).
//
//   count      what each stack has counted; one that counted nothing since the last round is quiet
//   scan       the live tables: stacks that have live blocks
//   mark       what is kept: stacks that are not quiet, have live blocks, or are callers of such,
//              and the native stacks that pairs among them refer to (runtime_frames.h)
//   set aside  all others: they are not found any more; then the epoch is bumped, so that each
//              thread forgets what it remembers before it looks at it again
//   wait       until no thread can have one of them in its hands
//   check      what was counted again meanwhile, or got a caller's child, or a block whose realloc
//              failed, is taken back
//   move       counts to the innermost caller that stays; a pair's to a pair there which has no
//              native stack
//   give back  ids, and the memory of pages of which nothing is left
//
// Why that is exact: a hook counts its block before it puts it into the table. What it counted
// since the last round's `count` makes its stack not quiet; what it counted before that is in the
// table when this round scans it, since the last round's `wait` was for that hook's end (after a
// round that gave up waiting, nothing is quiet). A block counted since `count` is found by the
// check; one that the scan missed because a realloc had it out of the table is put back before that
// hook ends, which notes its stack, and `wait` waits for the end of every hook that began before
// the bump. And after `wait` nobody can come by a stack that is aside: it is in no memory, on no
// spine, and no look-up finds it.
//
// Slices run under the snapshot slot, so that no snapshot sees half a step, and under a lock that
// forks take, so that no child does. Hook context.

#ifndef SILT_INTERPOSER_TRACK_FOLDING_H_
#define SILT_INTERPOSER_TRACK_FOLDING_H_

#include <atomic>
#include <cstdint>

#include "interposer/base/spin_lock.h"
#include "interposer/track/folding_pace.h"
#include "interposer/track/kept_stacks.h"
#include "interposer/track/stack_table.h"

namespace silt::track {

struct ThreadState;

class Folding {
 public:
  // Whether a slice is due. Asked now and then by every thread that allocates.
  bool due() { return pace_.due(step_.load(std::memory_order_relaxed) == Step::kIdle); }
  // One slice, on the calling thread, whose state is given and which holds no stack's id. Under the
  // snapshot slot, with signals blocked.
  void slice(const ThreadState* own);
  // For tests: a whole round, however little the tree has grown. False when it had to give up.
  bool round(const ThreadState* own);

  // A block of this stack, which had been taken out of the live table, was put back.
  void note_restored(StackId stack) { kept_.note_restored(stack); }

  // In the child of a fork whose nodes begin anew: no round is under way.
  void begin_anew() {
    step_.store(Step::kIdle, std::memory_order_relaxed);
    settled_ = false;
  }

  // Around a fork.
  base::SpinLock& lock() { return lock_; }

  // Since the start.
  uint64_t folded_stacks() const { return folded_stacks_.load(std::memory_order_relaxed); }
  uint64_t folded_nodes() const { return folded_nodes_.load(std::memory_order_relaxed); }

 private:
  enum class Step : uint8_t {
    kIdle,
    kCount,
    kScan,
    kScanObjects,
    kScanOthers,
    kMark,
    kSetAside,
    kWait,
    kCheck,
    kMove,
    kGiveBack,
    kGiveUp,
    kHandIn,
    kMarkRules,
    kTidy,
  };

  // Each does a part of its step and says whether the step is done.
  bool set_aside();
  bool wait(const ThreadState* own);
  bool check();
  bool move();
  bool give_back();
  bool give_back_page(NodeId first);
  bool give_up();
  bool hand_in();
  bool mark_rules();
  void tidy();
  void go_on(const ThreadState* own);
  void begin(Step step);
  void take_back_with_callers(NodeId id);

  base::SpinLock lock_;
  std::atomic<Step> step_{Step::kIdle};
  FoldingPace pace_;
  KeptStacks kept_;
  bool gave_up_ = false;
  bool settled_ = false;  // the last round has waited for all hooks that began before it

  uint32_t limit_ = 0;  // ids of this round
  uint32_t check_limit_ = 0;
  uint32_t epoch_ = 0;
  uint64_t folded_before_ = 0;
  uint64_t waits_since_ns_ = 0;
  ThreadState* handing_in_ = nullptr;

  std::atomic<uint64_t> folded_stacks_{0};
  std::atomic<uint64_t> folded_nodes_{0};
};

extern constinit Folding folding;

}  // namespace silt::track

#endif  // SILT_INTERPOSER_TRACK_FOLDING_H_
