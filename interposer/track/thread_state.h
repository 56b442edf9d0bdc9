// SPDX-License-Identifier: Apache-2.0
//
// What a thread of the target keeps between hooks. The part in thread-local storage is a few words
// (initial-exec, so that reaching it is one instruction and never an allocation); the rest, spine
// and counters, is a ThreadState that a later thread takes over, counters included, when the first
// has ended: nothing has to be handed in at thread exit, and no thread tells of its end, however it
// comes about. A pthread key would tell of most, but a program has only a thousand of those; a
// destructor of a thread-local variable would have to be registered with the loader's lock.
// Instead, who needs a state asks the kernel about the owners of some.
//
// The thread-local part is written by its own thread only; `pending` and `own_signals` also by a
// signal handler that runs on that thread. A ThreadState's owner writes it; a snapshot reads its
// statistics, which only grow. Hook context.

#ifndef SILT_INTERPOSER_TRACK_THREAD_STATE_H_
#define SILT_INTERPOSER_TRACK_THREAD_STATE_H_

#include <atomic>
#include <cstdint>

#include "interposer/base/attributes.h"
#include "interposer/track/counters.h"
#include "interposer/unwind/spine.h"
#include "interposer/unwind/stack_memory.h"

namespace silt::track {

enum class Mode : uint32_t {
  // Not of a thread: what `awake_mode` is until recording begins, and in a process that is a copy
  // of one with a black box (waking.h).
  kUnbegun = 0,
  kNew,       // this thread has no state yet, or silt has not started
  kExact,     // outside hooks; record every allocation
  kSampling,  // outside hooks; record some
  kInHook,    // inside a hook: calls that it makes pass straight through
  kOff,       // this thread, or the whole process, is not recorded
  kAsleep,    // not of a thread: what `awake_mode` is while no thread has it
};

// What a thread's mode is outside of hooks as long as nothing has changed: kExact or kSampling, and
// until recording begins, or while the process sleeps (waking.h), a mode that no thread has. So a
// hook compares this with its thread's mode, and whatever is to be done otherwise costs those who
// record nothing.
// A page of its own, which the kernel can be told to wipe in copies of the process.
struct alignas(arch::kLargestPageSize) AwakePage {
  std::atomic<Mode> awake;
  // kSampling while threads sample, else a mode that no thread has.
  std::atomic<Mode> sampling;
};
extern constinit AwakePage awake_page __attribute__((visibility("hidden")));
inline constexpr std::atomic<Mode>& awake_mode = awake_page.awake;
inline constexpr std::atomic<Mode>& sampling_mode = awake_page.sampling;

inline bool is_asleep() { return awake_mode.load(std::memory_order_relaxed) == Mode::kAsleep; }

// Statistics of one thread state; each only grows. A snapshot adds them up.
struct ThreadStatistics {
  uint64_t hook_calls;
  uint64_t walks_truncated;
  uint64_t walks_broken;
  uint64_t walks_slow;
  uint64_t unknown_frees;
  uint64_t overflowed_blocks;
  uint64_t timed_ticks;  // of a call that was timed, for all calls that it stands for
  uint64_t timed_calls;
};

struct ThreadState {
  unwind::Spine spine;
  unwind::StackMemory memory;   // stacks walked before; tagged with their stack ids
  std::atomic<uint32_t> epoch;  // when the spine was made
  uint32_t countdown;           // recorded calls until the next look around
  uint32_t calls_to_look;       // what the countdown began with
  uint64_t looked_at;           // ticks of the last look
  bool shared_shard;
  // How many threads have counted in the shard since it was empty.
  std::atomic<uint32_t> counted_by;
  CounterShard* shard;
  void* runtime;  // what a joined runtime keeps for this thread; its own business
  ThreadStatistics statistics;
  uint64_t random;        // state of the sampler's generator
  int64_t sample_beyond;  // bytes until the next sample, past the countdown
  uint64_t drawn_with;    // the interval with which that distance was drawn
  uint64_t named_at;      // ticks when the black box was last told the thread's name
  // [takeovers:16][number of the owner's process:16][thread id:32], id 0: free. A state that came
  // along in a raw clone may be that of the thread that goes on there, under whatever id: only
  // states of the process's own number are taken over. The takeovers tell an owner from its
  // successor when an id was given out again.
  std::atomic<uint64_t> owner;
  // The owner's, for others to see whether it is inside a hook; its memory may end with the thread.
  std::atomic<const struct ThreadLocal*> local;
  ThreadState* next;  // all states ever made; never changes
};

struct ThreadLocal {
  Mode mode = Mode::kNew;
  std::atomic<uint32_t> pending{0};  // a snapshot's trigger, to be taken when the hook ends
  int64_t sample_countdown = 0;      // bytes until the next sample
  ThreadState* state = nullptr;
  const void* hook_frame = nullptr;  // frame address of the outermost hook under way
  // Signals that ended a waiting call and that silt answered; the program knows of none.
  std::atomic<uint32_t> own_signals{0};
};

extern thread_local constinit ThreadLocal thread_local_part
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

// A state for the calling thread: one whose owner has ended, or a new one; nullptr when there is no
// memory.
ThreadState* acquire_thread_state(const ThreadLocal* local);
// Makes the caller the owner of a state whose owner has ended, until it gives it back.
bool take_ended_state(ThreadState& state);
void give_back_state(ThreadState& state);
// The thread that has it, or had it last.
inline int32_t owner_of(const ThreadState& state) {
  return static_cast<int32_t>(state.owner.load(std::memory_order_relaxed) & 0xffffffff);
}
// Whether a thread of this number runs.
bool is_alive(int32_t thread);
// In the child of a fork: only the calling thread lives on.
void keep_only_thread_state(ThreadState* own);

ThreadState* first_thread_state();

// Of all states: that of a thread that has ended is there for the next one.
uint64_t thread_state_bytes();

// Whether no other thread has anything in its hands that it found in the tables before `epoch`
// began, which was some time ago: each has begun anew since, is outside of hooks, or has ended.
bool all_threads_seen_since(uint32_t epoch, const ThreadState* own);

}  // namespace silt::track

#endif  // SILT_INTERPOSER_TRACK_THREAD_STATE_H_
