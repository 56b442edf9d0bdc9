// SPDX-License-Identifier: Apache-2.0
//
// `silt run`: sets SILT_ variables and LD_PRELOAD, then becomes the program. Nothing of silt's tool
// stays, so streams, signals, process id and exit status are the program's own.

#include <cstdio>
#include <memory>

#include "symbolizer/base/quote.h"
#include "symbolizer/commands/command.h"
#include "symbolizer/commands/launch.h"

namespace silt::commands {
namespace {

struct RunOptions {
  RecordSettings settings;
  std::vector<std::string> misplaced;  // words without '--' before them
};

int fail(const std::string& message, int status) {
  std::fprintf(stderr, "silt: %s\n", one_line(message).c_str());
  return status;
}

// Returns only when the program could not be started.
int run(const RunOptions& options, const ProgramCall& call) {
  if (!call.given || call.words.empty()) {
    return fail("run needs a program after '--': silt run -- PROGRAM ARG...", kUsage);
  }
  if (const std::string mistake = mistake_in(options.settings); !mistake.empty()) {
    return fail(mistake, kUsage);
  }
  Launch launch;
  const NotRunnable problem = prepare_launch(call, options.settings, launch);
  if (problem.status != 0) return fail(problem.message, problem.status);
  if (!launch.obstacle.empty()) fail(launch.obstacle, 0);
  const NotRunnable failure = become(launch, options.settings);
  return fail(failure.message, failure.status);
}

}  // namespace

void register_run(CLI::App& app, const ProgramCall& call, int& status) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command = app.add_subcommand("run", "run a program and record its memory");
  command->add_option("--out", options->settings.out, "folder for recordings, made if missing");
  command->add_option("--signal", options->settings.signal, "signal that takes a snapshot (USR2)");
  command->add_option("--sample", options->settings.sample,
                      "mean bytes between samples; 0, the default, records every allocation");
  command->add_option("--every", options->settings.every,
                      "also take a snapshot every so often: 30s, 5m");
  command
      ->add_option("--log", options->settings.log, "what the interposer tells: error, warn, info")
      ->check(CLI::IsMember({"error", "warn", "info"}));
  command->add_flag("--mmap,!--no-mmap", options->settings.mmap,
                    "record anonymous mappings (the default)");
  command->add_flag("--no-children", options->settings.no_children,
                    "do not record child processes");
  command->add_flag("--no-at-exit", options->settings.no_at_exit, "no last snapshot at exit");
  // Only for the help text: what stands after '--' never gets here.
  command->add_option("PROGRAM", options->misplaced, "after '--': what to run, with its arguments");
  command->footer(
      "Examples:\n"
      "  silt run -- ./server --port 8080\n"
      "  silt run --out recordings --every 30s -- node app.js\n"
      "  silt run --sample 512K -- ./server      for production: sampled, nearly free");
  command->callback([options, &call, &status] { status = run(*options, call); });
}

}  // namespace silt::commands
