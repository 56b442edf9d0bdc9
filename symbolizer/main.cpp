// SPDX-License-Identifier: Apache-2.0
//
// `silt`: a table of subcommands. Each registers its options and what it does; this file only
// parses, and turns what goes wrong into one line and the exit status for usage.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "symbolizer/commands/command.h"

int main(int argc, char** argv) {
  CLI::App app{"silt: which lines of code make a program's memory grow"};
  app.require_subcommand(1);
  app.set_version_flag("--version", "silt " SILT_VERSION);

  int status = silt::commands::kDone;
  silt::commands::register_run(app, status);
  silt::commands::register_dump(app, status);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    std::fprintf(stderr, "silt: %s; try 'silt --help'\n", error.what());
    return silt::commands::kUsage;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "silt: %s\n", error.what());
    return silt::commands::kInput;
  }
  return status;
}
