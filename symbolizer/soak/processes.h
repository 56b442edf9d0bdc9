// SPDX-License-Identifier: Apache-2.0
//
// The processes that a soak starts: the program and the load.

#ifndef SILT_SYMBOLIZER_SOAK_PROCESSES_H_
#define SILT_SYMBOLIZER_SOAK_PROCESSES_H_

#include <signal.h>
#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>

#include "symbolizer/base/result.h"

namespace silt::soak {

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
