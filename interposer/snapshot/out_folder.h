// SPDX-License-Identifier: Apache-2.0
//
// In which folder a recording is made. That is SILT_OUT as long as the process can write there; a
// daemon that has given up root, or has changed its root directory, may not. A recording belongs to
// who writes it, so the places that are tried then are ones where anybody may make a folder of his
// own: what `silt soak` keeps ready inside SILT_OUT, then the system's folders for temporary files.
//
// Those are anybody's to prepare traps in. A recording's folder is therefore always made anew by
// mkdir, which follows no link and takes nothing that exists, for its owner only, and is used only
// if it then is a folder of the process's own user. Signal context, but for set_out_folder.

#ifndef SILT_INTERPOSER_SNAPSHOT_OUT_FOLDER_H_
#define SILT_INTERPOSER_SNAPSHOT_OUT_FOLDER_H_

#include <cstdint>

namespace silt::snapshot {

// Absolute path; copied. `writable`: whether a recording could be made there now. Normal context,
// at start-up.
void set_out_folder(const char* absolute_path, bool writable);
const char* out_folder();

// The place to try after `count` others, nullptr: no more. `error`, positive, is what making a
// recording in SILT_OUT met with; other places are for processes whose rights have changed.
constexpr unsigned kMostPlaces = 4;
const char* place_to_record(unsigned count, int error);

// Whether the process has another root directory than at its start.
bool root_has_changed();

// A recording's folder as it was made.
struct MadeFolder {
  uint64_t device;
  uint64_t inode;
  long user;       // who made it
  unsigned place;  // as place_to_record counts
};
// Takes down what was just made and opened; false when it is not a folder of this process's user,
// in a place where others may have put theirs. In SILT_OUT any owner is believed: file systems
// of other systems show owners of their own.
bool note_made_folder(int folder, unsigned place, MadeFolder* made);
// Whether what is found there later is the recording still, and this process's: it made it, or is
// root.
bool belongs_to_process(int folder, const MadeFolder& made);

// Whether what is found there now is another process's, though it has the same owner: whoever shares
// the volume may have made a folder of that name after this one was removed. The control file says
// so. Without one (a process that only took its last snapshot leaves none) the folder's inode does,
// which tells less: its number is given again, and some file systems change it.
bool is_anothers(int folder, const MadeFolder& made, uint64_t start_realtime_ns);

// Normal context: whether there is a folder for other users in SILT_OUT.
bool can_record_in_other_users_folder();

// Says, once for a process, that recordings are made elsewhere and why.
void say_recording_moved(const char* place, int error);
void say_moves_anew();

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_OUT_FOLDER_H_
