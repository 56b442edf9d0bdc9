// SPDX-License-Identifier: Apache-2.0
//
// Finding and reading the control file of a process, which anybody may have truncated, replaced or
// removed meanwhile.

#ifndef SILT_SYMBOLIZER_PROCESS_CONTROL_FILE_H_
#define SILT_SYMBOLIZER_PROCESS_CONTROL_FILE_H_

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

#include "symbolizer/process/facts.h"

namespace silt::process {

struct ControlFile {
  std::string path;  // as the process has it
  format::Control control;
};

// What the control file at `path` says, if it is one and this process's.
std::optional<format::Control> read_control(pid_t pid, const std::string& path,
                                            const StatusFacts& status);
// The control file among those that the process maps, and what it says. A process that has become
// another user may have two; the one in use knows of more snapshots.
std::optional<ControlFile> find_control(pid_t pid, const MapFacts& maps, const StatusFacts& status);

// The control file of a process that has ended, with nothing left in /proc: among the recordings in
// `folder`, the process's own by its ids, whose last snapshot was written after `asked`.
std::optional<ControlFile> find_left_control(pid_t pid, const std::string& folder,
                                             const StatusFacts& status,
                                             std::filesystem::file_time_type asked);

// Where the process looks for requests, as far as can be told: in its recording, also when the
// control file there was damaged, else in its card's folder. Empty: not known.
std::string folder_for_requests(pid_t pid, const MapFacts& maps,
                                const std::optional<ControlFile>& known);

// The snapshot that a control file tells about.
std::string snapshot_path(const std::string& control, uint32_t sequence);
bool folder_exists(pid_t pid, const std::string& control);

}  // namespace silt::process

#endif  // SILT_SYMBOLIZER_PROCESS_CONTROL_FILE_H_
