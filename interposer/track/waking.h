// SPDX-License-Identifier: Apache-2.0
//
// Asleep and awake. Asleep, hooks pass on and look at nothing but this: no thread has a state,
// walks its stack or touches a table. What changes is one word (awake_mode, thread_state.h), which
// every hook compares with its thread's mode; a thread that was awake before finds at its next hook
// what it is to do now, so nothing need be done to other threads. Hook and signal context.
//
// A copy of the process (fork, or a raw clone) shares what lies in the black box with it. So where
// there is one, the kernel wipes the word in copies: the copy's first hook finds it unbegun, leaves
// the shared tables to the parent and begins with empty ones (`begin_in_copy`).
//
// Blocks that were born while the process slept are in no table. Their frees find nothing and are
// counted as unknown; they are never subtracted from what was born since.

#ifndef SILT_INTERPOSER_TRACK_WAKING_H_
#define SILT_INTERPOSER_TRACK_WAKING_H_

#include <cstdint>

#include "interposer/track/thread_state.h"

namespace silt::track {

// All of these but wake_up at the very start by who holds the snapshot slot.

// From now on hooks record: all of it, or with an interval samples.
void wake_up(uint64_t sample_interval_bytes);

// From now on they pass on. A hook that is under way on another thread may still record its block.
void fall_asleep();

bool has_slept();

// Normal context, before the start: the word is wiped in copies. False when the kernel cannot.
bool wipe_in_copies();
// Whether this is a copy that has not begun yet.
bool is_unbegun_copy();
// There: all tables are empty again, which no longer have what the parent goes on with.
// `interval_bytes`: 0: exact. False when there was no memory for them. No hook is under way.
bool begin_in_copy(uint64_t interval_bytes);

// Whether no hook is under way that began before the process fell asleep.
bool sleeps_soundly();

// Forgets every block and begins all counts anew. What is left are stacks, as many as the code that
// was recorded has, and frame rules. To be called asleep; a hook that is still under way may leave
// its block behind.
void forget_recorded();

// The sums of all threads since then, frees on threads without a state among them.
ThreadStatistics sum_of_statistics();

}  // namespace silt::track

#endif  // SILT_INTERPOSER_TRACK_WAKING_H_
