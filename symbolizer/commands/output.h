// SPDX-License-Identifier: Apache-2.0
//
// From a report to bytes in a file or on standard output, in the format a user named.

#ifndef SILT_SYMBOLIZER_COMMANDS_OUTPUT_H_
#define SILT_SYMBOLIZER_COMMANDS_OUTPUT_H_

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "symbolizer/base/result.h"
#include "symbolizer/render/render.h"
#include "symbolizer/report/report.h"

namespace silt::commands {

struct OutputOptions {
  std::string format = "text";
  std::string path;  // empty: standard output
  bool full = false;
};

void add_output_options(CLI::App& app, OutputOptions& options);

// Formats that show every stack rather than the top ones.
bool shows_all_stacks(const std::string& format);

// Whether a finding of a program may be shown in colour: a terminal or CLICOLOR_FORCE, and
// NO_COLOR is not set.
bool colour_wanted(int fd);

// Columns for text: COLUMNS, as with ls, then the terminal's, then 80.
size_t terminal_width(int fd);

// How text is to look: colours, width.
render::TextOptions text_options(const OutputOptions& options);

// Why a report cannot be told in the format that is wanted; nothing when it can.
std::optional<Error> cannot_render(const report::Report& report, const OutputOptions& options);
std::string rendered(const report::Report& report, const OutputOptions& options);

// Writes to a temporary name beside `path` and renames, so that nobody reads half a file. Devices,
// pipes and /dev/stdout are written to and stay what they are; a link stays one. An empty path or
// "-" is standard output.
std::optional<Error> write_output(const std::string& bytes, const std::string& path);

}  // namespace silt::commands

#endif  // SILT_SYMBOLIZER_COMMANDS_OUTPUT_H_
