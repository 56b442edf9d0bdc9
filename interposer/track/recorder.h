// SPDX-License-Identifier: Apache-2.0
//
// The recorder: what a hook calls, and every table behind it in one place. The fast path is
// record_block: find the allocation's stack (mostly one that the thread remembers, else by the
// spine and what of it is unchanged), count it in the thread's own counters, remember the block in
// the live table. Hook context.

#ifndef SILT_INTERPOSER_TRACK_RECORDER_H_
#define SILT_INTERPOSER_TRACK_RECORDER_H_

#include <signal.h>

#include <atomic>
#include <cstdint>

#include "interposer/base/arch.h"
#include "interposer/base/attributes.h"
#include "interposer/track/counters.h"
#include "interposer/track/live_table.h"
#include "interposer/track/mapping_table.h"
#include "interposer/track/modules.h"
#include "interposer/track/runtime_frames.h"
#include "interposer/track/sampled_blocks.h"
#include "interposer/track/stack_table.h"
#include "interposer/track/thread_state.h"
#include "interposer/unwind/rule_table.h"

namespace silt::track {

// The markers of the snapshot format that end up in the stack table; the snapshot layer checks
// that they are the format's.
inline constexpr uint64_t kMarkerMapping = 1;
inline constexpr uint64_t kMarkerTruncated = 2;
inline constexpr uint64_t kMarkerBroken = 3;
inline constexpr uint64_t kMarkerOverflow = 4;

struct Recorder {
  unwind::RuleTable rules;
  StackTable stacks;
  LiveTable live;
  LiveTable
      objects;  // live blocks of a runtime's own allocator, which cuts them out of larger ones
  Evaluator evaluator;
  SampledBlocks sampled;
  Counters counters;
  MappingTable mappings;
  Modules modules;

  // Set before `started`, constant afterwards.
  uint64_t memory_limit_bytes = 0;  // 0: none
  uint64_t every_nanoseconds = 0;   // 0: off
  bool bounded = false;             // goes over to sampling when the tree of stacks outgrows all
  bool record_mappings = false;
  bool verify_walks = false;  // see verification.h
  uint64_t random_seed = 0;
  bool keep_in_box = false;      // tables lie in the black box
  bool wiped_in_copies = false;  // see waking.h

  // 0: exact. Set before `started`; once more by fall_back (sampling.h).
  std::atomic<uint64_t> sample_interval_bytes{};
  std::atomic<bool> fell_back{};  // exact recording was given up: older blocks are in `live`

  std::atomic<bool> started{};  // threads may get states and record
  // Frees on threads without a state of blocks that were not known; counted once silt has slept.
  std::atomic<uint64_t> stray_frees{};
  std::atomic<uint64_t> reissued_blocks{};  // handed out anew, though not seen to be freed
  std::atomic<uint32_t> epoch{};       // of loaded code: spines of an older one are not trusted
  std::atomic<uint32_t> generation{};  // code that blocks born now carry
  std::atomic<bool> code_loaded{};     // dlopen was called: guesses about pcs may be out of date

  // Set by the snapshot layer, which this layer does not know. `trigger` is its own business.
  void (*take_snapshot)(uint32_t trigger) = nullptr;
  void (*tick)() = nullptr;  // called now and then while the program allocates
  // For a signal that a thread took by waiting for it: true when it was silt's, and is answered.
  bool (*answer)(const siginfo_t& info) = nullptr;
  void (*at_exit)() = nullptr;  // the process is about to end
  // This is a copy of the process, whose tables are not its own yet; see waking.h. No hook is under
  // way on the calling thread.
  void (*begin_in_copy)() = nullptr;
  void (*leave_to_parent)() = nullptr;  // in the child of a fork, likewise
  // Around an exec: the program is about to be another (true), or was not (false).
  void (*becomes_another)(bool other) = nullptr;

  // A seccomp filter is about to be put on that forbids the return from a handler (true), or was
  // refused (false).
  void (*forbid_signals)(bool forbidden) = nullptr;

  // Set by a runtime that waits for the moment at which it may be joined; called now and then while
  // the program allocates.
  std::atomic<void (*)()> await_runtime{};
  void (*code_came)() = nullptr;  // some time after a dlopen
  // Of joined runtimes: what they keep of names and the like; and, after a round of folding that
  // waited for all hooks from before this epoch, what they can do without.
  uint64_t (*runtime_bytes)() = nullptr;
  void (*tidy_runtime)(uint32_t epoch) = nullptr;
  void (*lock_runtime)() = nullptr;  // around a fork, and its reverse
  void (*unlock_runtime)() = nullptr;
};

extern constinit Recorder recorder;

// Starts recording, or gets all ready for it and sleeps (waking.h). Normal context, once. False
// when there was no memory for the tables.
bool start_recorder(bool asleep = false);

// Makes the calling thread's mode what it should be: a state acquired if recording has started.
// Returns the state or nullptr.
ThreadState* enter_new_thread(ThreadLocal& local);

// For a runtime that waits for its moment.
inline void look_for_runtime() {
  if (const auto await = recorder.await_runtime.load(std::memory_order_acquire)) await();
}

// The mode a thread has outside hooks.
SILT_ALWAYS_INLINE Mode recording_mode() {
  return recorder.sample_interval_bytes.load(std::memory_order_acquire) == 0 ? Mode::kExact
                                                                             : Mode::kSampling;
}

// The stack of a call whose frame is given, when it is not one remembered.
// (Frames by value: an address taken here would send the fast path through memory.)
StackId new_stack(ThreadState& state, unwind::Frame frame, BlockHeap heap);

SILT_ALWAYS_INLINE StackId current_stack(ThreadState& state, const unwind::Frame& frame,
                                         BlockHeap heap = BlockHeap::kNative) {
  if (state.epoch.load(std::memory_order_relaxed) == recorder.epoch.load(std::memory_order_relaxed))
      [[likely]] {
    const StackId known{state.memory.find(frame)};
    if (known != kNoStack) [[likely]] {
      if (!recorder.evaluator.joined.load(std::memory_order_relaxed)) [[likely]]
        return known;
      // The mark is the anchor's distance from sp in words, 0 where there is none.
      const uint64_t distance = uint64_t{state.memory.mark()} * 8;
      if (distance == 0 && heap == BlockHeap::kNative) return known;
      return with_runtime_frames(state, known, distance == 0 ? 0 : frame.sp + distance, heap);
    }
  }
  return new_stack(state, frame, heap);
}

// Every so many calls: the clock, verification. Sets the countdown anew: a thread looks at most
// every 256 recorded calls, and a slow one about every few milliseconds, at its next call then.
void look_around(ThreadState& state, const void* address, unwind::Frame frame,
                 BlockHeap heap = BlockHeap::kNative);

bool count_overflow(ThreadState& state);

SILT_ALWAYS_INLINE void count(ThreadState& state, StackId stack, uint64_t blocks, uint64_t bytes) {
  const bool counted = state.shared_shard ? state.shard->add_shared(stack, blocks, bytes)
                                          : state.shard->add_owned(stack, blocks, bytes);
  if (!counted) [[unlikely]]
    count_overflow(state);
}

// A block that did not fit the live table.
void record_elsewhere(ThreadState& state, const void* address, const Block& block);

// Records a block that the allocator has just handed out.
SILT_ALWAYS_INLINE void record_block(ThreadState& state, const void* address, uint64_t size_bytes,
                                     const unwind::Frame& frame) {
  if (--state.countdown == 0) [[unlikely]]
    look_around(state, address, frame);
  const StackId stack = current_stack(state, frame);
  ++state.statistics.hook_calls;
  count(state, stack, 1, size_bytes);
  const auto generation = static_cast<uint8_t>(recorder.generation.load(std::memory_order_relaxed));
  if (!recorder.live.insert(reinterpret_cast<uint64_t>(address),
                            Block{stack, generation, size_bytes})) [[unlikely]] {
    record_elsewhere(state, address, Block{stack, generation, size_bytes});
  }
}

// Likewise, of a runtime's own allocator.
SILT_ALWAYS_INLINE void record_object(ThreadState& state, const void* address, uint64_t size_bytes,
                                      const unwind::Frame& frame) {
  if (--state.countdown == 0) [[unlikely]]
    look_around(state, nullptr, frame, BlockHeap::kRuntime);
  const StackId stack = current_stack(state, frame, BlockHeap::kRuntime);
  ++state.statistics.hook_calls;
  count(state, stack, 1, size_bytes);
  const auto generation = static_cast<uint8_t>(recorder.generation.load(std::memory_order_relaxed));
  if (!recorder.objects.insert(reinterpret_cast<uint64_t>(address),
                               Block{stack, generation, size_bytes})) [[unlikely]] {
    record_elsewhere(state, address, Block{stack, generation, size_bytes});
  }
}

// Anonymous mappings.
void record_mapping(ThreadState& state, uint64_t start, uint64_t size_bytes,
                    const unwind::Frame& frame);

// In the hook of mmap, inside another hook: see unwind/derive.h.
bool libunwind_maps_in_vain();

// Some time after a dlopen.
void note_loaded_code();
// Code in [start, end) is no longer there. With derive_lock held.
void forget_code(uint64_t start, uint64_t end);
// After a dlclose. Normal context, with the thread's mode kInHook.
void note_unloaded_code();

// Whether a frame stands on the stack on which libunwind is run, with all signals blocked.
bool on_unwinding_stack(const void* frame);

// Around a fork: no lock of ours may be caught held, and the child has one thread.
void prepare_fork();
void finish_fork_in_parent();
void finish_fork_in_child();

}  // namespace silt::track

#endif  // SILT_INTERPOSER_TRACK_RECORDER_H_
