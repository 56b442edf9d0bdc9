// SPDX-License-Identifier: Apache-2.0
//
// The options of every subcommand about what it says while it works.

#ifndef SILT_SYMBOLIZER_COMMANDS_LOG_OPTIONS_H_
#define SILT_SYMBOLIZER_COMMANDS_LOG_OPTIONS_H_

#include <CLI/CLI.hpp>

namespace silt::commands {

// To be called when all subcommands are registered. The log is open, or the command line refused,
// before a subcommand runs.
void add_log_options(CLI::App& app);

}  // namespace silt::commands

#endif  // SILT_SYMBOLIZER_COMMANDS_LOG_OPTIONS_H_
