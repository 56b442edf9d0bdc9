// SPDX-License-Identifier: Apache-2.0
//
// `silt run`: sets SILT_ variables and LD_PRELOAD, then becomes the program. Nothing of silt's tool
// stays, so streams, signals, process id and exit status are the program's own.

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/base/setting_text.h"
#include "symbolizer/commands/command.h"
#include "symbolizer/commands/interposer_library.h"
#include "symbolizer/commands/program_file.h"

namespace silt::commands {
namespace {

// Options as given; absent ones leave the environment as it is.
struct RunOptions {
  std::string out;
  std::string signal;
  std::string sample;
  std::string every;
  std::string log;
  std::optional<bool> mmap;
  bool no_children = false;
  bool no_at_exit = false;
  std::vector<std::string> misplaced;  // words without '--' before them
};

int fail(const std::string& message, int status) {
  std::fprintf(stderr, "silt: %s\n", message.c_str());
  return status;
}

std::string mistake_in(const RunOptions& options) {
  if (!options.signal.empty() && !parse_signal(options.signal)) {
    return "--signal " + in_quotes(options.signal) +
           " is not a signal that can be used: a name like USR2, a number, or none";
  }
  if (!options.sample.empty() && !parse_size(options.sample)) {
    return "--sample " + in_quotes(options.sample) +
           " is not a number of bytes: 0 (every allocation), 512K, 1M";
  }
  if (!options.every.empty() && !parse_duration(options.every)) {
    return "--every " + in_quotes(options.every) + " is not a time: 30s, 5m, 1h";
  }
  return "";
}

Result<bool> set_out_folder(const std::string& out) {
  std::error_code error;
  const auto folder = std::filesystem::absolute(out, error);
  std::filesystem::create_directories(folder, error);
  if (error) return Error{"cannot make " + in_quotes(out) + ": " + errno_text(error.value())};
  if (access(folder.c_str(), W_OK | X_OK) != 0) {
    return Error{"cannot write to " + in_quotes(out) + ": " + errno_text(errno)};
  }
  setenv("SILT_OUT", folder.c_str(), 1);
  return true;
}

void set_environment(const RunOptions& options) {
  const auto set = [](const char* name, const std::string& value) {
    if (!value.empty()) setenv(name, value.c_str(), 1);
  };
  set("SILT_SIGNAL", options.signal);
  set("SILT_SAMPLE", options.sample);
  set("SILT_EVERY", options.every);
  set("SILT_LOG", options.log);
  if (options.mmap) set("SILT_MMAP", *options.mmap ? "1" : "0");
  if (options.no_children) set("SILT_CHILDREN", "0");
  if (options.no_at_exit) set("SILT_AT_EXIT", "0");
}

// Returns only when the program could not be started.
int run(const RunOptions& options, const ProgramCall& call) {
  if (!call.given || call.words.empty()) {
    return fail("run needs a program after '--': silt run -- PROGRAM ARG...", kUsage);
  }
  if (const std::string mistake = mistake_in(options); !mistake.empty()) {
    return fail(mistake, kUsage);
  }
  auto library = find_interposer();
  if (!library) return fail(library.error().message, kInput);
  auto preload = preload_value(*library, std::getenv("LD_PRELOAD"));
  if (!preload) return fail(preload.error().message, kInput);
  std::filesystem::path program;
  const NotRunnable problem = find_program(call.words.front(), std::getenv("PATH"), program);
  if (problem.status != 0) return fail(problem.message, problem.status);
  if (!options.out.empty()) {
    if (auto made = set_out_folder(options.out); !made) return fail(made.error().message, kInput);
  }
  if (const std::string obstacle = recording_obstacle(program); !obstacle.empty()) {
    fail("nothing will be recorded in " + in_quotes(program) + ": " + obstacle, 0);
  }
  set_environment(options);
  setenv("LD_PRELOAD", preload->c_str(), 1);

  std::vector<char*> arguments;
  for (const std::string& word : call.words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  execv(program.c_str(), arguments.data());
  if (errno == ENOEXEC) {
    // A script without #! runs in the shell, as it would from a shell.
    std::string path = program.native(), shell = "/bin/sh";
    arguments[0] = path.data();
    arguments.insert(arguments.begin(), shell.data());
    execv(shell.c_str(), arguments.data());
  }
  return fail("cannot run " + in_quotes(program) + ": " + errno_text(errno),
              errno == ENOENT ? 127 : 126);
}

}  // namespace

void register_run(CLI::App& app, const ProgramCall& call, int& status) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command = app.add_subcommand("run", "run a program and record its memory");
  command->add_option("--out", options->out, "folder for recordings, made if missing");
  command->add_option("--signal", options->signal, "signal that takes a snapshot (USR2)");
  command->add_option("--sample", options->sample,
                      "mean bytes between samples; 0, the default, records every allocation");
  command->add_option("--every", options->every, "also take a snapshot every so often: 30s, 5m");
  command->add_option("--log", options->log, "what the interposer tells: error, warn, info")
      ->check(CLI::IsMember({"error", "warn", "info"}));
  command->add_flag("--mmap,!--no-mmap", options->mmap, "record anonymous mappings (the default)");
  command->add_flag("--no-children", options->no_children, "do not record child processes");
  command->add_flag("--no-at-exit", options->no_at_exit, "no last snapshot at exit");
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
