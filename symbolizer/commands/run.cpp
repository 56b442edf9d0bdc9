// SPDX-License-Identifier: Apache-2.0
//
// `silt run`: sets SILT_ variables and LD_PRELOAD, then becomes the program. Nothing of silt's tool
// stays, so streams, signals, process id and exit status are the program's own.

#include <cstdio>
#include <memory>

#include "symbolizer/base/log.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/commands/command.h"
#include "symbolizer/commands/failing.h"
#include "symbolizer/commands/record_options.h"
#include "symbolizer/process/launch.h"

namespace silt::commands {
namespace {

struct RunOptions {
  process::RecordSettings settings;
  std::vector<std::string> misplaced;  // of the help text only
};

// Returns only when the program could not be started.
int run(const RunOptions& options, const ProgramCall& call) {
  if (!call.given || call.words.empty()) {
    return fail("run needs a program: silt run PROGRAM ARG...", kUsage);
  }
  if (const std::string mistake = process::mistake_in(options.settings); !mistake.empty()) {
    return fail(mistake, kUsage);
  }
  process::Launch launch;
  const process::NotRunnable problem =
      process::prepare_launch(call.words, options.settings, launch);
  if (problem.status != 0) return fail(problem.message, problem.status);
  if (!launch.obstacle.empty()) log::warning(launch.obstacle);
  const process::NotRunnable failure = process::become(launch, options.settings);
  return fail(failure.message, failure.status);
}

}  // namespace

void register_run(CLI::App& app, const ProgramCall& call, int& status) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command = app.add_subcommand("run", "run a program and record its memory");
  add_record_options(*command, options->settings);
  // Only for the help text: the program's words never get here.
  command
      ->add_option("PROGRAM", options->misplaced,
                   "what to run, with its arguments; '--' before it is optional")
      ->type_name("[ARG]");
  command->footer(
      "Examples:\n"
      "  silt run ./server --port 8080\n"
      "  silt run --out recordings --every 30s node app.js\n"
      "  silt run --sample 512K ./server      for production: sampled, nearly free\n"
      "\n"
      "Exit status: the program's own; 126 it cannot be executed, 127 it was not found; before it\n"
      "starts also 2 usage, 3 the library or the folder is missing.");
  command->callback([options, &call, &status] { status = run(*options, call); });
}

}  // namespace silt::commands
