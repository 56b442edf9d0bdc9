// SPDX-License-Identifier: Apache-2.0
//
// Turning a process into somebody else's program with the interposer loaded. What can go wrong is
// found out before, while there is still a tool that can tell it.

#ifndef SILT_SYMBOLIZER_COMMANDS_LAUNCH_H_
#define SILT_SYMBOLIZER_COMMANDS_LAUNCH_H_

#include <CLI/App.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "symbolizer/commands/command.h"
#include "symbolizer/commands/program_file.h"

namespace silt::commands {

// Settings of the interposer as given; absent ones leave the environment as it is.
struct RecordSettings {
  std::string out;  // made if missing
  std::string signal;
  std::string sample;
  std::string every;
  std::string log;
  std::string memory;
  std::string node;
  std::string node_interval;
  std::string node_inlining;
  bool no_mmap = false;
  bool no_children = false;
  bool no_at_exit = false;
};

// The options of `run` and `soak` that become settings of the interposer.
void add_record_options(CLI::App& app, RecordSettings& settings);

// One line about a setting that cannot be understood, empty when all can.
std::string mistake_in(const RecordSettings& settings);

struct Launch {
  std::filesystem::path program;
  std::vector<std::string> words;  // program as it was named, and arguments
  std::string preload;             // value of LD_PRELOAD; empty: as it is
  std::string obstacle;            // why nothing would be recorded; empty: no reason to think so
};

// `status` of what is returned is 0 when `launch` is ready.
NotRunnable prepare_launch(const ProgramCall& call, const RecordSettings& settings, Launch& launch);

// Changes the environment and becomes the program; returns only when that cannot be done.
NotRunnable become(const Launch& launch, const RecordSettings& settings);

}  // namespace silt::commands

#endif  // SILT_SYMBOLIZER_COMMANDS_LAUNCH_H_
