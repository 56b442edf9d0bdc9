// SPDX-License-Identifier: Apache-2.0
//
// `silt`: a table of subcommands. Each registers its options and what it does; this file only
// parses, and turns what goes wrong into one line and the exit status for usage.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "symbolizer/base/exit_status.h"
#include "symbolizer/base/log.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/commands/command.h"
#include "symbolizer/commands/command_line.h"
#include "symbolizer/commands/log_options.h"

int main(int argc, char** argv) {
  silt::commands::ProgramCall program;
  CLI::App app{"silt: which lines of code make a program's memory grow", "silt"};
  app.require_subcommand(1);
  app.set_help_flag("-h,--help", "print this help");
  app.set_version_flag("-V,--version", "silt " SILT_VERSION, "print the version");

  app.footer(
      "Exit status: 0 done, or nothing found; 1 a finding broke the policy; 2 usage; 3 an input "
      "could\n"
      "not be read, or is too short for a verdict; 4 inconclusive. 'silt run' ends as its "
      "program.\n"
      "'silt help COMMAND' tells a command's options.");

  int status = silt::kDone;
  silt::commands::register_run(app, program, status);
  silt::commands::register_dump(app, status);
  silt::commands::register_arm(app, status);
  silt::commands::register_disarm(app, status);
  silt::commands::register_heapsnapshot(app, status);
  silt::commands::register_report(app, status);
  silt::commands::register_check(app, status);
  silt::commands::register_export(app, status);
  silt::commands::register_push(app, status);
  silt::commands::register_soak(app, program, status);
  silt::commands::register_top(app, status);
  silt::commands::register_completion(app);
  silt::commands::add_log_options(app);
  silt::commands::give_help_a_form(app);

  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  const bool nothing_asked = words.empty();
  silt::commands::understand_help(app, words);
  program = silt::commands::take_program(app, words);
  try {
    // The parser wants them last first.
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // --help, --version
      app.exit(error, nothing_asked ? std::cerr : std::cout, std::cerr);
      return nothing_asked ? silt::kUsage : silt::kDone;
    }
    silt::log::error(silt::one_line(silt::commands::mistake_line(app, words, error.what())));
    return silt::kUsage;
  } catch (const std::exception& error) {
    silt::log::error(silt::one_line(error.what()));
    return silt::kInput;
  }
  return status;
}
