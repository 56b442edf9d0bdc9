// SPDX-License-Identifier: Apache-2.0
//
// The processes a soak has started, itself or through what it started, and only these: found by who
// is whose parent. A soak is the reaper of its descendants, so that one that outlived its parent
// becomes a child of the soak and is not lost.

#ifndef SILT_SYMBOLIZER_SOAK_PROCESSES_H_
#define SILT_SYMBOLIZER_SOAK_PROCESSES_H_

#include <signal.h>
#include <sys/types.h>

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "symbolizer/base/result.h"

namespace silt::soak {

// The parent in the text of /proc/PID/stat; a program may have any name, so also ") R 1".
std::optional<pid_t> parent_in_stat(std::string_view text);

// Children of a process; descendants of a process without those in `except` and what is below them.
std::vector<pid_t> children_of(pid_t parent);
std::vector<pid_t> descendants_of(pid_t root, const std::set<pid_t>& except);

// A process started by soak, leader of a process group of its own.
struct Child {
  pid_t pid = 0;
  std::optional<int> wait_status;  // when it has ended and was reaped
  bool running() const { return pid != 0 && !wait_status; }
};

struct ChildSetup {
  std::string log;       // file for standard output and error; empty: standard error of the soak
  bool input = false;    // keeps standard input, unless that is a terminal
  sigset_t signal_mask;  // that of the child
};

// `become` runs in the new process and does not return unless it fails.
Result<Child> start_child(const ChildSetup& setup, const std::function<void()>& become);

// "with status 3", "by signal 11 (Segmentation fault)".
std::string end_text(int wait_status);

// The last lines of a log, indented, at most `most` of them; empty when there are none.
std::string last_lines(const std::string& path, size_t most);

}  // namespace silt::soak

#endif  // SILT_SYMBOLIZER_SOAK_PROCESSES_H_
