// SPDX-License-Identifier: Apache-2.0
//
// Which recordings a command means, and the options about names and limits that `report` and
// `check` share.

#ifndef SILT_SYMBOLIZER_COMMANDS_INPUTS_H_
#define SILT_SYMBOLIZER_COMMANDS_INPUTS_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "symbolizer/base/result.h"
#include "symbolizer/report/report.h"

namespace silt::commands {

struct InputOptions {
  std::vector<std::string> paths;  // recordings or snapshots; none: the newest recording here
  std::vector<std::string> verdicts;
  std::vector<std::string> look_through;
  std::vector<std::string> debug_folders;
  std::string module;
  std::string function;
  std::string limit;
  std::string work;
  std::string compared;  // an earlier recording
  std::string baseline;  // of `report`: a file of 'silt check', or the same as `compared`
  size_t top = 20;
  unsigned jobs = 0;
  bool top_given = false;
  bool debuginfod = false;
  bool for_verdict = false;  // what is too short beside others is left out, not shown
};

void add_input_options(CLI::App& app, InputOptions& options);

// One report for all recordings. `all_stacks`: the format shows every stack unless --top says else.
Result<report::Report> make_report(const InputOptions& options, bool all_stacks);

}  // namespace silt::commands

#endif  // SILT_SYMBOLIZER_COMMANDS_INPUTS_H_
