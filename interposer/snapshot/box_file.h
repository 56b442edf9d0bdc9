// SPDX-License-Identifier: Apache-2.0
//
// SILT_BLACKBOX=1: the black box of this process (base/black_box.h, format/blackbox.h): made with
// the recording at start-up, kept up to date about what its tables do not say, taken away at an
// orderly end. A forked child has one of its own, from its first allocation on. Each function says
// its context.

#ifndef SILT_INTERPOSER_SNAPSHOT_BOX_FILE_H_
#define SILT_INTERPOSER_SNAPSHOT_BOX_FILE_H_

#include <cstdint>

namespace silt::snapshot {

// Normal context, once, before recording begins and after `install` (trigger.h). `allocator`: the
// path of the module that provides malloc. What stands in the way is said on the log, and recording
// goes on without.
void start_box(const char* allocator);

// Notes now and then that the process is at work. Hook context; cheap when there is no box.
void tell_box();
// A snapshot was taken; `sequence` is the next one's. Under the snapshot slot.
void tell_box_of_snapshot(uint32_t sequence, uint32_t generation);

// The process ends in an orderly way, with all that it had to tell in its last snapshot; or becomes
// another program. Any context.
void end_box();

// In the child of a fork: what is shared with the parent is left to it. Not while a hook is under
// way.
void leave_box_to_parent();
// In a copy of the process, at its first hook: a box and tables of its own. Not while a hook is
// under way.
void begin_in_copy();

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_BOX_FILE_H_
