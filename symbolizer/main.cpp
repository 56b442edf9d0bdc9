// SPDX-License-Identifier: Apache-2.0
//
// `silt`: a table of subcommands. Each registers its options and what it does; this file only
// parses, and turns what goes wrong into one line and the exit status for usage.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>

#include "symbolizer/base/quote.h"
#include "symbolizer/commands/command.h"

namespace {

// Splits `silt run [options] -- PROGRAM ARG...`; `argc` becomes the number of silt's own words.
silt::commands::ProgramCall take_program(int& argc, char** argv) {
  silt::commands::ProgramCall call;
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command != "run" && command != "soak") return call;
  for (int i = 2; i < argc; ++i) {
    if (std::strcmp(argv[i], "--") != 0) continue;
    call.given = true;
    call.words.assign(argv + i + 1, argv + argc);
    argc = i;
  }
  return call;
}

}  // namespace

int main(int argc, char** argv) {
  const silt::commands::ProgramCall program = take_program(argc, argv);
  CLI::App app{"silt: which lines of code make a program's memory grow"};
  app.require_subcommand(1);
  app.set_version_flag("--version", "silt " SILT_VERSION);

  int status = silt::commands::kDone;
  silt::commands::register_run(app, program, status);
  silt::commands::register_dump(app, status);
  silt::commands::register_report(app, status);
  silt::commands::register_check(app, status);
  silt::commands::register_soak(app, program, status);
  silt::commands::register_top(app, status);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    std::fprintf(stderr, "silt: %s; try 'silt --help'\n", silt::one_line(error.what()).c_str());
    return silt::commands::kUsage;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "silt: %s\n", silt::one_line(error.what()).c_str());
    return silt::commands::kInput;
  }
  return status;
}
