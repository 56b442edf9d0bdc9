// SPDX-License-Identifier: Apache-2.0
//
// The recording's folder `silt.<program>.<pid>/` and its control file. Made when the first snapshot
// is taken, so that short-lived children leave nothing they were not asked for. Signal context,
// only while the snapshot slot is held.

#ifndef SILT_INTERPOSER_SNAPSHOT_RECORDING_FOLDER_H_
#define SILT_INTERPOSER_SNAPSHOT_RECORDING_FOLDER_H_

#include <cstdint>

namespace silt::snapshot {

// Opens the recording's folder (O_PATH), making it if need be, and the control file with it unless
// the process is about to end and nobody could ask it for anything. A recording that is not within
// the process's reach any more, because it has become another user, is left as it is and another
// one made (out_folder.h); numbers of snapshots go on there. Returns a descriptor or -errno; *what
// is then what failed, a static text.
long open_recording(const char** what, bool process_ends = false);

// Path of the recording, empty before it is made.
const char* recording_path();

// Tells a waiting `silt dump` about a try: error 0 means that `sequence` was written.
void publish(uint32_t sequence, int error, const char* what);

// At the end of a process: a folder with nothing but the control file in it would only be in the
// way.
void remove_recording_without_snapshots();
bool recording_has_snapshots();

// Nothing is recorded here, and that is as it should be. At start-up, or in the child of a fork.
void show_left_out();

// In the child of a fork: the recording so far is the parent's.
void leave_recording_to_parent();
// The next snapshot makes a recording of its own.
void begin_recording_anew();

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_RECORDING_FOLDER_H_
