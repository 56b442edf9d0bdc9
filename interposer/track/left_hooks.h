// SPDX-License-Identifier: Apache-2.0
//
// Hooks that were left without their end, mostly by a longjmp out of a signal handler that had
// interrupted them. Their thread would pass for being inside a hook for ever, and record nothing.
// Hook context.

#ifndef SILT_INTERPOSER_TRACK_LEFT_HOOKS_H_
#define SILT_INTERPOSER_TRACK_LEFT_HOOKS_H_

#include <cstdint>

#include "interposer/track/thread_state.h"

namespace silt::track {

// Whether a hook entered while another was under way on this thread is nested in it, or whether
// that one was left behind (by a longjmp out of a signal handler, say).
bool hook_is_stale(const ThreadLocal& local, const void* frame);

// Whether a jump to `stack_pointer` leaves the hook that is under way.
bool jump_leaves_hook(const ThreadLocal& local, uint64_t stack_pointer);

// After a hook was left without its end: what it was doing is given up. Returns the thread's mode,
// kNew when it had not got its state yet.
Mode leave_stale_hook(ThreadLocal& local);

}  // namespace silt::track

#endif  // SILT_INTERPOSER_TRACK_LEFT_HOOKS_H_
