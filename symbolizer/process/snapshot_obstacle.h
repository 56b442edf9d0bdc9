// SPDX-License-Identifier: Apache-2.0
//
// What keeps a process from writing a snapshot and cannot be told by itself, as far as it shows
// from outside: a folder that is no more what it was, a limit of the kernel's, a filter of its own.

#ifndef SILT_SYMBOLIZER_PROCESS_SNAPSHOT_OBSTACLE_H_
#define SILT_SYMBOLIZER_PROCESS_SNAPSHOT_OBSTACLE_H_

#include <sys/types.h>

#include <cstddef>
#include <string>

namespace silt::process {

// Whether so many mappings leave no room for those that a snapshot takes. `limit` is
// /proc/sys/vm/max_map_count's text.
bool is_at_mapping_limit(size_t mappings, const std::string& limit);

// Why there is no answer.
std::string why_so_slow(pid_t pid);
// The reason that the process gave, and what may be behind it.
std::string with_obstacle(pid_t pid, const std::string& reason);
// A reason that the process gave in the name of a mapping, and what to do.
std::string with_advice(const std::string& reason);

}  // namespace silt::process

#endif  // SILT_SYMBOLIZER_PROCESS_SNAPSHOT_OBSTACLE_H_
