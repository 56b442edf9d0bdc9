// SPDX-License-Identifier: Apache-2.0
//
// The command line around the option parser: which words are silt's and which are the program's
// that it is to run, what somebody who mistyped may have meant, and how help looks.

#ifndef SILT_SYMBOLIZER_COMMANDS_COMMAND_LINE_H_
#define SILT_SYMBOLIZER_COMMANDS_COMMAND_LINE_H_

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "symbolizer/commands/command.h"

namespace silt::commands {

// For `run` and `soak`: takes the program and its arguments out of `words` (without the tool's own
// name). They begin after the first `--`, or with the first word that is neither an option of the
// command nor an option's value.
ProgramCall take_program(const CLI::App& app, std::vector<std::string>& words);

// `silt help` and `silt help COMMAND` as `--help`; of `silt help WORD`, which is no command, the WORD
// stays, for the parser to refuse it. Nothing else changes.
void understand_help(const CLI::App& app, std::vector<std::string>& words);

// The word of `known` that `word` was probably meant to be, empty when none is near: at most a
// third of its letters changed, left out, put in or swapped with a neighbour (Damerau's distance).
std::string nearest(std::string_view word, const std::vector<std::string>& known);

// One line for what the parser refused, with the nearest command or option where there is one.
std::string mistake_line(const CLI::App& app, const std::vector<std::string>& words,
                         std::string_view message);

// Help that names values as PATH, SIZE or TIME and lists choices and defaults in words.
void give_help_a_form(CLI::App& app);

}  // namespace silt::commands

#endif  // SILT_SYMBOLIZER_COMMANDS_COMMAND_LINE_H_
