// SPDX-License-Identifier: Apache-2.0
//
// One set of values, whichever subcommand they stand at: only one runs.

#include "symbolizer/commands/log_options.h"

#include <CLI/Error.hpp>
#include <CLI/Validators.hpp>
#include <memory>
#include <string>

#include "symbolizer/base/log.h"

namespace silt::commands {
namespace {

struct LogWords {
  log::Settings settings;
  std::string format = "text";
};

// `run` becomes the program and `dump` is read by scripts: their lines begin with silt's name
// alone.
std::string name_of(const std::string& command) {
  return command == "run" || command == "dump" ? "silt" : "silt " + command;
}

}  // namespace

void add_log_options(CLI::App& app) {
  const auto words = std::make_shared<LogWords>();
  for (CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_name() == "completion") continue;
    CLI::Option* const quiet =
        command->add_flag("--quiet,-q", words->settings.quiet, "print no steps and no progress");
    command
        ->add_flag("--verbose,-v", words->settings.verbose, "say more about what is done and why")
        ->excludes(quiet);
    command
        ->add_option("--log-file", words->settings.file,
                     "also write the messages of standard error to this file, with times")
        ->type_name("FILE");
    command
        ->add_option("--log-format", words->format,
                     "messages as text, or as one JSON object per line")
        ->check(CLI::IsMember({"text", "json"}))
        ->capture_default_str();
  }
  app.parse_complete_callback([&app, words] {
    const auto chosen = app.get_subcommands();
    if (chosen.empty()) return;
    words->settings.name = name_of(chosen.front()->get_name());
    words->settings.json = words->format == "json";
    if (const auto error = log::open(words->settings)) {
      throw CLI::ValidationError("--log-file", error->message);
    }
  });
}

}  // namespace silt::commands
