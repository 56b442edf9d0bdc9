// SPDX-License-Identifier: Apache-2.0
//
// Whose counters each shard is, in the black box (format::BoxThread): what a snapshot finds in the
// thread states and asks the kernel for, a file that outlives the process must have been told
// before. Hook context.

#ifndef SILT_INTERPOSER_TRACK_BOX_THREADS_H_
#define SILT_INTERPOSER_TRACK_BOX_THREADS_H_

#include "interposer/track/thread_state.h"

namespace silt::track {

// Before the calling thread first counts in a state of its own, and whenever it may have another
// name. Nothing happens where there is no box, or where others count in the same shard.
void tell_box_of_owner(const ThreadState& state);

}  // namespace silt::track

#endif  // SILT_INTERPOSER_TRACK_BOX_THREADS_H_
