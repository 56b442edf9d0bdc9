// SPDX-License-Identifier: Apache-2.0
//
// What can be done about a process in which silt is not. Nothing can be preloaded into a running
// program; some runtimes have ways of their own to look at their memory, and any program can be
// started anew. What is known is decided from facts, so that tests need no process.

#ifndef SILT_SYMBOLIZER_PROCESS_WITHOUT_SILT_H_
#define SILT_SYMBOLIZER_PROCESS_WITHOUT_SILT_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace silt::process {

struct Stranger {
  pid_t pid = 0;
  std::string executable;  // path, as the kernel has it
  std::string command;     // arguments, each NUL-terminated
  std::string node_options;
  std::string cgroup;    // text of /proc/PID/cgroup
  std::string maps;      // text of /proc/PID/maps
  uint64_t caught = 0;   // signals; signal n is bit n - 1
  std::string obstacle;  // why it could not be recorded either; empty: it could
};

// One thing that helps in each line, the one that needs no new start first.
std::vector<std::string> what_helps(const Stranger& process);
std::vector<std::string> what_helps(pid_t pid);

}  // namespace silt::process

#endif  // SILT_SYMBOLIZER_PROCESS_WITHOUT_SILT_H_
