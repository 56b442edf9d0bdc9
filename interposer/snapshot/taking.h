// SPDX-License-Identifier: Apache-2.0
//
// Takes one snapshot: has it written into a file of another name, which is renamed once it is
// whole, and sees to what is wanted beside it. What failed is counted, said on the log once for
// each spell of failures, and shown to the tool. Signal context, under the snapshot slot.

#ifndef SILT_INTERPOSER_SNAPSHOT_TAKING_H_
#define SILT_INTERPOSER_SNAPSHOT_TAKING_H_

#include <cstdint>

namespace silt::snapshot {

// Normal context, once. `flags`: format::MetaFlag bits that hold for the whole process.
// `folder_known_bad`: the user was told that no snapshot can be written: once is enough.
// `keep`: the most snapshots of a recording that stay, 0: all.
void start_taking(uint32_t flags, bool folder_known_bad, uint32_t keep);

// On the slot's stack. `trigger`: format::Trigger. False when it could not be written.
bool take_one(uint32_t trigger);

// format::MetaFlag bits of its snapshots.
uint32_t recording_flags();
// Whether the last try came to nothing.
bool last_one_failed();

// A recording that began when the process was armed: it begins with number 0.
void take_anew_when_armed();
// In the child of a fork: likewise.
void take_anew_in_child();

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_TAKING_H_
