// SPDX-License-Identifier: Apache-2.0
//
// A report of each of some recordings, before they are made one. Several recordings are read and
// judged by threads, and none is kept longer than its report takes to build.

#ifndef SILT_SYMBOLIZER_COMMANDS_EACH_REPORT_H_
#define SILT_SYMBOLIZER_COMMANDS_EACH_REPORT_H_

#include <string>
#include <vector>

#include "symbolizer/base/result.h"
#include "symbolizer/commands/inputs.h"
#include "symbolizer/report/gate/unjudged.h"
#include "symbolizer/report/report.h"

namespace silt::commands {

// Three lists of one length.
struct EachReport {
  std::vector<report::Report> reports;
  std::vector<std::string> paths;  // of the recordings
  std::vector<report::RecordedProcess> processes;
};

// In the order of the paths; `all_stacks` as in make_report. Fails when one recording cannot be
// read.
Result<EachReport> make_each_report(const InputOptions& options, bool all_stacks);

}  // namespace silt::commands

#endif  // SILT_SYMBOLIZER_COMMANDS_EACH_REPORT_H_
