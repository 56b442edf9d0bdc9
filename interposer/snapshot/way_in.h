// SPDX-License-Identifier: Apache-2.0
//
// The way in for `silt dump` where no signal reaches the process: all its threads block it, or the
// handler was replaced behind libc's back, or silt uses none. A thread that allocates asks now and
// then whether the signal would reach it; where it would not, the control file is made, and from
// then on a word in it is looked at. Hook context.

#ifndef SILT_INTERPOSER_SNAPSHOT_WAY_IN_H_
#define SILT_INTERPOSER_SNAPSHOT_WAY_IN_H_

#include <signal.h>

#include <cstdint>

namespace silt::snapshot {

using Handler = void (*)(int, siginfo_t*, void*);

enum class Request : uint32_t {
  kNone,
  kDump,       // somebody asked for a snapshot
  kMakeWayIn,  // the control file is to be made, under the snapshot slot
};

// What the thread under way has to do. `handler` is silt's.
Request look_for_request(Handler handler);

// Signal context, under the snapshot slot.
void make_way_in();

// In the child of a fork: requests so far were its parent's.
void leave_requests_to_parent();

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_WAY_IN_H_
