// SPDX-License-Identifier: Apache-2.0
//
// What every subcommand shares: its registration. A subcommand is one file with one
// register_<name>; main.cpp calls them all. Its callback writes the exit status of the process to
// `status`.

#ifndef SILT_SYMBOLIZER_COMMANDS_COMMAND_H_
#define SILT_SYMBOLIZER_COMMANDS_COMMAND_H_

#include <sys/types.h>

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "symbolizer/base/exit_status.h"

namespace silt::commands {

// What stands after `--` on the command line of run and soak: somebody else's words, kept away from
// the option parser.
struct ProgramCall {
  bool given = false;
  std::vector<std::string> words;  // program and arguments
};

// A process id on the command line; nothing, said on standard error, when it is none.
std::optional<pid_t> parse_pid(const std::string& word);

void register_run(CLI::App& app, const ProgramCall& call, int& status);
void register_dump(CLI::App& app, int& status);
void register_arm(CLI::App& app, int& status);
void register_disarm(CLI::App& app, int& status);
void register_heapsnapshot(CLI::App& app, int& status);
void register_report(CLI::App& app, int& status);
void register_check(CLI::App& app, int& status);
void register_export(CLI::App& app, int& status);
void register_push(CLI::App& app, int& status);
void register_soak(CLI::App& app, const ProgramCall& call, int& status);
void register_top(CLI::App& app, int& status);
void register_completion(CLI::App& app);

}  // namespace silt::commands

#endif  // SILT_SYMBOLIZER_COMMANDS_COMMAND_H_
