// SPDX-License-Identifier: Apache-2.0
//
// What a soak leaves for people and for the CI job: report files in their formats, and the outcome
// in one line.

#ifndef SILT_SYMBOLIZER_COMMANDS_SOAK_OUTCOME_H_
#define SILT_SYMBOLIZER_COMMANDS_SOAK_OUTCOME_H_

#include <CLI/CLI.hpp>
#include <map>
#include <optional>
#include <string>

#include "symbolizer/base/result.h"
#include "symbolizer/report/gate/policy.h"
#include "symbolizer/report/report.h"

namespace silt::commands {

struct SoakFiles {
  std::map<std::string, std::string> by_format;  // path
  bool github = false;                           // annotations on standard output
};
void add_file_options(CLI::App& app, SoakFiles& files);

// Whether one of the files shows every stack.
bool shows_all_stacks(const SoakFiles& files);

// Writes all files; in a GitHub Actions job the Markdown also goes to the job's summary. The first
// failure is returned after everything else was written.
std::optional<Error> write_files(const report::Report& report, const SoakFiles& files);

// "passed: no leak above 1.2 MB/h ...", "failed: ...". `mistrust`: why the run cannot clear the
// program, empty when it can.
std::string outcome_line(const report::Report& report, int status, const std::string& mistrust);

}  // namespace silt::commands

#endif  // SILT_SYMBOLIZER_COMMANDS_SOAK_OUTCOME_H_
