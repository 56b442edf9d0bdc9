// SPDX-License-Identifier: Apache-2.0
//
// The part of `silt top` in which a process is chosen.

#ifndef SILT_SYMBOLIZER_COMMANDS_TOP_PROCESSES_H_
#define SILT_SYMBOLIZER_COMMANDS_TOP_PROCESSES_H_

#include <sys/types.h>

#include <chrono>
#include <vector>

#include "symbolizer/top/process_screen.h"
#include "symbolizer/top/terminal.h"

namespace silt::commands {

// Under silt and visible to this user: all, or `root` and what it has started.
std::vector<top::ProcessRow> listed_processes(pid_t root);

struct Choice {
  top::ProcessWanted wanted = top::ProcessWanted::kQuit;
  pid_t pid = 0;  // of kLook
};
// Shows them until one is chosen. `present` is the one that is looked at; 0: none, so there is no
// way back.
Choice choose_process(top::Terminal& terminal, bool colour, pid_t root, pid_t present,
                      std::chrono::steady_clock::duration interval);

}  // namespace silt::commands

#endif  // SILT_SYMBOLIZER_COMMANDS_TOP_PROCESSES_H_
