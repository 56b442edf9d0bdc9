// SPDX-License-Identifier: Apache-2.0
//
// The file `control` in a recording: one page that the recording process maps shared and updates,
// so that `silt dump` and `silt top` can follow it. Its path is visible in /proc/PID/maps, which is
// how a PID is matched to its recording without asking for ptrace rights.

#ifndef SILT_INTERPOSER_FORMAT_CONTROL_H_
#define SILT_INTERPOSER_FORMAT_CONTROL_H_

#include <cstddef>
#include <cstdint>

namespace silt::format {

inline constexpr char kControlMagic[8] = {'S', 'I', 'L', 'T', 'C', 'T', 'R', 'L'};
inline constexpr char kControlFileName[] = "control";

// In SILT_OUT: where the processes of other users than its owner make their recordings. `silt soak`
// keeps it there, writable for all and sticky, while it records daemons that give up root.
inline constexpr char kOtherUsersFolderName[] = "other-users";
inline constexpr uint32_t kControlVersion = 1;
inline constexpr size_t kControlSize = 4096;

// The value `silt dump` passes to sigqueue (sival_int): only silt's handler answers it.
inline constexpr uint32_t kDumpCookie = 0x51170d3a;

// When the recording folder cannot be made, the process maps a memfd whose name starts with this
// prefix and goes on with the reason, so that the reason too can be read from /proc/PID/maps.
inline constexpr char kErrorMappingPrefix[] = "silt error: ";

// A process that silt leaves alone although it is loaded there (npm, say) maps a memfd of this
// name, so that nobody waits for its snapshots.
inline constexpr char kLeftOutMapping[] = "silt: left out";

// Writer: but for `requests` the recording process, only while it holds the snapshot slot.
// `completed` counts the snapshots that were tried and finished, well or not; it is stored last,
// with release order, so a reader that sees it change may read the other fields.
struct Control {
  char magic[8];
  uint32_t version;
  uint32_t pid;
  uint32_t signal;         // SILT_SIGNAL as a number, 0: none
  uint32_t completed;      // atomic
  uint32_t last_sequence;  // of the last snapshot that was written
  int32_t last_error;      // errno of the last try, 0: it was written
  uint64_t sampling_interval_bytes;
  uint64_t start_realtime_ns;
  char last_failure[256];  // what failed, NUL-terminated, when last_error is not 0
  // The way in for `silt dump` where no signal reaches the process (all its threads block it, or it
  // uses none): the process looks at `requests` now and then while it allocates, and takes a
  // snapshot when that is not what it was.
  uint32_t takes_requests;  // 1: it looks; 2: it looks, and the signal would not come to silt
  uint32_t requests;        // atomic, written by the tool only
};
static_assert(sizeof(Control) <= kControlSize);
static_assert(offsetof(Control, completed) == 20);

}  // namespace silt::format

#endif  // SILT_INTERPOSER_FORMAT_CONTROL_H_
