// SPDX-License-Identifier: Apache-2.0
//
// The processes of this machine that run under silt and that the user may see, as a tree.

#ifndef SILT_SYMBOLIZER_PROCESS_RECORDED_PROCESSES_H_
#define SILT_SYMBOLIZER_PROCESS_RECORDED_PROCESSES_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace silt::process {

struct RecordedProcess {
  pid_t pid = 0;
  size_t depth = 0;     // below how many others of the list it was started
  std::string command;  // its arguments in one line, the program without its folder; not clean
  uint64_t rss_bytes = 0;
  bool asleep = false;  // it records nothing until it is armed
};

// Each before those that it has started. `root`: it and its descendants only; 0: all. `self` and
// what cannot be looked into are left out.
std::vector<RecordedProcess> recorded_processes(pid_t root, pid_t self);

// Of a tree: parents before children, siblings by pid. What is below a process that is not in
// `pids` hangs at the nearest ancestor that is.
struct Placed {
  pid_t pid = 0;
  size_t depth = 0;
};
struct Parented {
  pid_t pid = 0;
  pid_t parent = 0;
};
// `all` are the parents of all processes, recorded or not.
std::vector<Placed> as_tree(const std::vector<pid_t>& pids, const std::vector<Parented>& all);

// The text of /proc/PID/cmdline as people write it.
std::string command_line(std::string_view arguments);

}  // namespace silt::process

#endif  // SILT_SYMBOLIZER_PROCESS_RECORDED_PROCESSES_H_
