// SPDX-License-Identifier: Apache-2.0
//
// What a thread of the target keeps between hooks. The part in thread-local storage is a few words
// (initial-exec, so that reaching it is one instruction and never an allocation); the rest, spine
// and counters, is a ThreadState that a later thread takes over, counters included, when the first
// has ended: nothing has to be handed in at thread exit.
//
// The thread-local part is written by its own thread only; `pending` also by a signal handler that
// runs on that thread. A ThreadState's owner writes it; a snapshot reads its statistics, which only
// grow. Hook context.

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
  kNew = 0,   // this thread has no state yet, or silt has not started
  kExact,     // outside hooks; record every allocation
  kSampling,  // outside hooks; record some
  kInHook,    // inside a hook: calls that it makes pass straight through
  kOff,       // this thread, or the whole process, is not recorded
};

// Statistics of one thread state; each only grows. A snapshot adds them up.
struct ThreadStatistics {
  uint64_t hook_calls;
  uint64_t walks_truncated;
  uint64_t walks_broken;
  uint64_t walks_slow;
  uint64_t unknown_frees;
  uint64_t overflowed_blocks;
  uint64_t timed_ticks;
  uint64_t timed_calls;
};

struct ThreadState {
  unwind::Spine spine;
  unwind::StackMemory memory;  // stacks walked before; tagged with their stack ids
  uint32_t epoch;              // of modules, when the spine was made
  uint32_t countdown;          // recorded calls until the next look at the clock
  bool shared_shard;
  CounterShard* shard;
  void* runtime;  // what a joined runtime keeps for this thread; its own business
  ThreadStatistics statistics;
  uint64_t random;             // state of the sampler's generator
  int64_t sample_beyond;       // bytes until the next sample, past the countdown
  std::atomic<int32_t> owner;  // thread id, 0: free
  ThreadState* next;           // all states ever made; never changes
};

struct ThreadLocal {
  Mode mode = Mode::kNew;
  std::atomic<uint32_t> pending{0};  // a snapshot's trigger, to be taken when the hook ends
  int64_t sample_countdown = 0;      // bytes until the next sample
  ThreadState* state = nullptr;
  const void* hook_frame = nullptr;  // frame address of the outermost hook under way
};

extern thread_local constinit ThreadLocal thread_local_part
    __attribute__((tls_model("initial-exec"), visibility("hidden")));

// A state for the calling thread: a free one, or a new one; nullptr when there is no memory.
ThreadState* acquire_thread_state();
// At thread exit: another thread may take it over.
void release_thread_state(ThreadState* state);
// In the child of a fork: only the calling thread lives on.
void keep_only_thread_state(ThreadState* own);

ThreadState* first_thread_state();

}  // namespace silt::track

#endif  // SILT_INTERPOSER_TRACK_THREAD_STATE_H_
