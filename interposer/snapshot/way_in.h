// SPDX-License-Identifier: Apache-2.0
//
// The way in for `silt dump` that interrupts nobody: a thread that allocates looks now and then for
// the request, an empty file (format/control.h). Who removes it takes the snapshot, so there is one
// for each request, and the tool sees that it was understood. And what the process shows about
// the other way in, the signal. Hook context, but for open_way_in.

#ifndef SILT_INTERPOSER_SNAPSHOT_WAY_IN_H_
#define SILT_INTERPOSER_SNAPSHOT_WAY_IN_H_

#include <signal.h>

#include <cstdint>

#include "interposer/snapshot/wanted.h"

namespace silt::snapshot {

using Handler = void (*)(int, siginfo_t*, void*);

// The process has fallen asleep or been woken: the card says so, and nothing is looked for in the
// recording that was. Signal context, under the snapshot slot.
void show_sleep();

// Normal context, at start-up. `signal` is the one that the tool may send, 0: none; `handler` is
// silt's.
void open_way_in(int signal, Handler handler);

// Requests are looked for in this folder from now on. One thread at a time.
void look_for_requests_in(const char* folder);

// Now and then: whether this thread has just taken a request, and what that wants beside the
// snapshot. Cheap as long as no look is due.
bool was_asked(Wanted* asked);

// A snapshot is about to be taken that answers what was asked so far.
void settle_request(Wanted* asked);

// Signals may not be sent (true), or may again.
void forbid_signals(bool forbidden);

// Nothing is recorded any more, nor will be: the card says so. Signal context.
void show_lost_box();

// In the child of a fork: its requests have another name. It shows no card when it is `off`.
void leave_requests_to_parent(bool off);

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_WAY_IN_H_
