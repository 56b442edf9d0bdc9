// SPDX-License-Identifier: Apache-2.0
//
// Settings travel as SILT_ variables, the library as LD_PRELOAD.

#include "symbolizer/commands/launch.h"

#include <unistd.h>

#include <CLI/Validators.hpp>
#include <cerrno>
#include <cstdlib>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/base/setting_text.h"
#include "symbolizer/commands/interposer_library.h"

namespace silt::commands {
namespace {

std::filesystem::path out_folder(const RecordSettings& settings) {
  std::error_code error;
  return std::filesystem::absolute(settings.out, error);
}

std::string make_out_folder(const RecordSettings& settings) {
  std::error_code error;
  const auto folder = out_folder(settings);
  std::filesystem::create_directories(folder, error);
  if (error) return "cannot make " + in_quotes(settings.out) + ": " + errno_text(error.value());
  if (access(folder.c_str(), W_OK | X_OK) != 0) {
    return "cannot write to " + in_quotes(settings.out) + ": " + errno_text(errno);
  }
  return "";
}

void set_environment(const Launch& launch, const RecordSettings& settings) {
  const auto set = [](const char* name, const std::string& value) {
    if (!value.empty()) setenv(name, value.c_str(), 1);
  };
  if (!settings.out.empty()) set("SILT_OUT", out_folder(settings));
  set("SILT_SIGNAL", settings.signal);
  set("SILT_SAMPLE", settings.sample);
  set("SILT_EVERY", settings.every);
  set("SILT_LOG", settings.log);
  set("SILT_MEMORY", settings.memory);
  set("SILT_NODE", settings.node);
  set("SILT_NODE_INTERVAL", settings.node_interval);
  set("SILT_NODE_INLINING", settings.node_inlining);
  if (settings.no_mmap) set("SILT_MMAP", "0");
  if (settings.no_children) set("SILT_CHILDREN", "0");
  if (settings.no_at_exit) set("SILT_AT_EXIT", "0");
  set("LD_PRELOAD", launch.preload);
}

}  // namespace

void add_record_options(CLI::App& app, RecordSettings& settings) {
  app.add_option("--signal", settings.signal,
                 "signal that takes a snapshot, or 'none' (default: USR2)")
      ->type_name("SIGNAL");
  app.add_option("--sample", settings.sample,
                 "mean bytes between samples; 0 records every allocation (default: 0)")
      ->type_name("SIZE");
  app.add_option("--memory", settings.memory,
                 "the most memory for silt's tables; when it is nearly reached, silt samples "
                 "(default: see docs/options.md)")
      ->type_name("SIZE");
  app.add_flag("--no-mmap", settings.no_mmap, "do not record anonymous mappings");
  app.add_flag("--no-children", settings.no_children, "do not record child processes");
  app.add_option("--node", settings.node,
                 "0: treat Node.js like any other program; all: record npm, yarn and pm2 "
                 "themselves too (default: 1)")
      ->check(CLI::IsMember({"0", "1", "all"}));
  app.add_option("--node-interval", settings.node_interval,
                 "mean bytes between samples of the JavaScript heap; 0: none")
      ->type_name("SIZE");
  app.add_option("--node-inlining", settings.node_inlining,
                 "0: V8 inlines no functions, so that each place has one stack")
      ->check(CLI::IsMember({"0", "1"}));
}

std::string mistake_in(const RecordSettings& settings) {
  if (!settings.signal.empty() && !parse_signal(settings.signal)) {
    return "--signal " + in_quotes(settings.signal) +
           " is not a signal that can be used: a name like USR2, a number, or none";
  }
  if (!settings.sample.empty() && !parse_size(settings.sample)) {
    return "--sample " + in_quotes(settings.sample) +
           " is not a number of bytes: 0 (every allocation), 512K, 1M";
  }
  if (!settings.memory.empty() && !parse_size(settings.memory)) {
    return "--memory " + in_quotes(settings.memory) + " is not a number of bytes: 256M, 1G, or 0";
  }
  if (!settings.node_interval.empty() && !parse_size(settings.node_interval)) {
    return "--node-interval " + in_quotes(settings.node_interval) +
           " is not a number of bytes: 64K, 1M, or 0 for none";
  }
  if (!settings.every.empty() && !parse_duration(settings.every)) {
    return "--every " + in_quotes(settings.every) + " is not a time: 30s, 5m, 1h";
  }
  return "";
}

NotRunnable prepare_launch(const ProgramCall& call, const RecordSettings& settings,
                           Launch& launch) {
  auto library = find_interposer();
  if (!library) return {library.error().message, kInput};
  auto preload = preload_value(*library, std::getenv("LD_PRELOAD"));
  if (!preload) return {preload.error().message, kInput};
  const NotRunnable problem = find_program(call.words.front(), std::getenv("PATH"), launch.program);
  if (problem.status != 0) return problem;
  if (!settings.out.empty()) {
    if (std::string failure = make_out_folder(settings); !failure.empty()) {
      return {std::move(failure), kInput};
    }
  }
  launch.words = call.words;
  launch.preload = *preload;
  const Obstacle obstacle = recording_obstacle(launch.program);
  if (obstacle.preload_harms) launch.preload.clear();
  if (!obstacle.text.empty()) {
    launch.obstacle =
        "nothing will be recorded in " + in_quotes(launch.program) + ": " + obstacle.text;
  }
  return {};
}

NotRunnable become(const Launch& launch, const RecordSettings& settings) {
  set_environment(launch, settings);
  std::vector<char*> arguments;
  for (const std::string& word : launch.words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  execv(launch.program.c_str(), arguments.data());
  if (errno == ENOEXEC) {
    // A script without #! runs in the shell, as it would from a shell.
    std::string path = launch.program.native(), shell = "/bin/sh";
    arguments[0] = path.data();
    arguments.insert(arguments.begin(), shell.data());
    execv(shell.c_str(), arguments.data());
  }
  const int error = errno;
  return {"cannot run " + in_quotes(launch.program) + ": " + errno_text(error),
          error == ENOENT ? 127 : 126};
}

}  // namespace silt::commands
