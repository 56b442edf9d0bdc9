// SPDX-License-Identifier: Apache-2.0
//
// Which process is whose parent, as /proc tells: the processes of a server with workers, or those
// that a soak has started, itself or through what it started. (A soak is the reaper of its
// descendants, so that one that outlived its parent becomes a child of the soak and is not lost.)

#ifndef SILT_SYMBOLIZER_PROCESS_FAMILY_H_
#define SILT_SYMBOLIZER_PROCESS_FAMILY_H_

#include <sys/types.h>

#include <optional>
#include <set>
#include <string_view>
#include <vector>

namespace silt::process {

// The parent in the text of /proc/PID/stat; a program may have any name, so also ") R 1".
std::optional<pid_t> parent_in_stat(std::string_view text);

// Children of a process; descendants of a process without those in `except` and what is below them.
// Nearest first.
std::vector<pid_t> children_of(pid_t parent);
std::vector<pid_t> descendants_of(pid_t root, const std::set<pid_t>& except);

}  // namespace silt::process

#endif  // SILT_SYMBOLIZER_PROCESS_FAMILY_H_
