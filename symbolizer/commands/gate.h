// SPDX-License-Identifier: Apache-2.0
//
// The gate as `check` and `soak` share it: the files that say what may grow, and the exit status
// that a judged report amounts to.

#ifndef SILT_SYMBOLIZER_COMMANDS_GATE_H_
#define SILT_SYMBOLIZER_COMMANDS_GATE_H_

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "symbolizer/base/result.h"
#include "symbolizer/report/gate/policy.h"
#include "symbolizer/report/report.h"

namespace silt::commands {

struct GateOptions {
  std::string policy;
  std::string suppressions;
  std::string baseline;
};
void add_gate_options(CLI::App& app, GateOptions& options);

struct Rules {
  report::Policy policy;
  std::vector<report::Suppression> suppressions;
  std::vector<report::Place> baseline;
};
// A file that is not named leaves the default. Errors name the file and the line.
Result<Rules> read_rules(const GateOptions& options);

// Fills the report's gate, as of today.
void judge(report::Report& report, const Rules& rules);

// ExitStatus of a report that was judged.
int gate_status(const report::Report& report, const report::Policy& policy);

size_t broken_rules(const report::Report& report);

}  // namespace silt::commands

#endif  // SILT_SYMBOLIZER_COMMANDS_GATE_H_
