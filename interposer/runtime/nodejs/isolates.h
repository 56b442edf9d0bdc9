// SPDX-License-Identifier: Apache-2.0
//
// The JavaScript heaps (V8 isolates) of the process: the main thread's and one for each worker.
// Each is asked through libuv's async handle of its own event loop, the one way into a loop that a
// signal handler may use, and answers by handing over a profile. Asking never waits.

#ifndef SILT_INTERPOSER_RUNTIME_NODEJS_ISOLATES_H_
#define SILT_INTERPOSER_RUNTIME_NODEJS_ISOLATES_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "interposer/base/spin_lock.h"
#include "interposer/runtime/heap_profile.h"
#include "interposer/runtime/nodejs/api.h"

namespace silt::nodejs {

using runtime::drop_profile;
using runtime::make_profile;
using runtime::Profile;
using runtime::ProfileFrame;
using runtime::ProfileNode;
using runtime::ProfileRow;
using runtime::ProfileTotals;
using runtime::View;

// Its heap is to be written beside this snapshot (heap_copy.h).
struct HeapOrder {
  uint64_t deadline_ns;
  const char* folder;  // the recording's path
  uint32_t sequence;
  uint32_t thread;
};

// Of the script.
struct Functions {
  Reference capture;  // hands over a profile
  Reference heap;     // writes the heap
  Reference wake;     // starts the profiler, or stops it
  Reference tick;     // what is to be done now and then
};

struct Isolate {
  enum State : uint32_t {
    kFree = 0,
    kJoining,  // being filled in
    kJoined,   // may be asked
    kEnded,    // its thread is gone; told of until the place is needed
    kLeft,     // its thread is gone because the process ends: its last profile counts
  };
  static constexpr size_t kHandleSize = 512;

  alignas(16) unsigned char async[kHandleSize];  // uv_async_t; first, to be found by its address
  alignas(16) unsigned char timer[kHandleSize];  // uv_timer_t
  bool has_timer;
  base::SpinLock lock;  // of asking against closing
  std::atomic<uint32_t> state;
  uint32_t thread_id;  // node's: 0 is the main thread
  Env env;
  Functions functions;
  CleanupHandle cleanup;
  std::atomic<uint32_t> answered;            // the round that it answered last
  std::atomic<Profile*> profile;             // nullptr while a snapshot writes it
  std::atomic<uint64_t> captured_ns;         // 0: never
  std::atomic<const HeapOrder*> heap_order;  // nullptr: none, or it is being filled
  std::atomic<bool> wakes;                   // the process has fallen asleep, or been woken
};

// Normal context, in the isolate's thread. nullptr when all places are taken, or libuv refuses.
Isolate* join(Env env, uint32_t thread_id, const Functions& functions);
// The isolate that was joined with this environment, else nullptr.
Isolate* isolate_of(Env env);
// Takes over the profile.
void hand_over(Isolate& isolate, Profile* profile);
// Marks the question under way as answered and lets the snapshot go on when it was the last.
void answer(Isolate& isolate);

// Starts a round: asks all but `self`. False when nobody could be asked. Hook or signal context.
bool ask(const Isolate* self);
// Has this thread look for its order. False when there is no such thread. Signal context.
bool order_heap(const HeapOrder* order);
// The process has fallen asleep or been woken: tells all. Signal context.
void wake_isolates();
// The process is about to end: nobody is asked any more, and what was handed over stays.
void stop_asking();
// Whether all that were asked in this round have answered.
bool all_answered();

// Whether array buffers of some size are alive, or not swept yet.
bool has_buffers();

// Any context: all that ever joined, those included whose place is free again.
struct IsolatePlaces {
  Isolate* first;
  uint32_t count;
};
IsolatePlaces isolate_places();
template <typename Visit>
void for_each_isolate(Visit&& visit) {
  const IsolatePlaces places = isolate_places();
  for (uint32_t i = 0; i < places.count; ++i) visit(places.first[i]);
}
inline constexpr size_t kMaximumIsolates = 256;

// The number of the latest question.
uint32_t latest_round();
// Gives back a profile that was taken out of an isolate to be read, unless there is a newer one by
// now.
void put_back(Isolate& isolate, Profile* profile);

// In the child of a fork: no event loop of the parent runs there.
void forget_isolates();

// How long after the last answer the snapshot is taken: so long do threads of V8 free the memory
// of buffers that the collection has found unused.
inline constexpr uint64_t kSweepNs = 40000000;

}  // namespace silt::nodejs

#endif  // SILT_INTERPOSER_RUNTIME_NODEJS_ISOLATES_H_
