// SPDX-License-Identifier: Apache-2.0
//
// `silt report`: what grew and where.

#include <cstdio>
#include <memory>

#include "symbolizer/base/log.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/commands/command.h"
#include "symbolizer/commands/heap_files.h"
#include "symbolizer/commands/inputs.h"
#include "symbolizer/commands/output.h"

namespace silt::commands {
namespace {

constexpr const char* kReportExamples = R"(
Examples:
  silt report                              the newest recording here
  silt report silt.shop.4711               one recording
  silt report silt.shop.4711/00[2-9].silt  some of its snapshots
  silt report silt.worker.*                several processes side by side
  silt report --compare OLD NEW            what is new since OLD
  silt report --format html -o leak.html   one page to look at
  silt report --format pprof -o leak.pb.gz go tool pprof leak.pb.gz
  silt report --verdict leak --full        leaks only, all frames
  silt report a.heapsnapshot b.heapsnapshot
                                           what grew in a JavaScript heap, and who keeps it

Exit status: 0 done; 2 usage; 3 an input could not be read, or the output not written.
)";

struct ReportOptions {
  InputOptions inputs;
  OutputOptions output;
};

int run_report(const ReportOptions& options) {
  if (const auto status = report_heap_files(options.inputs, options.output)) return *status;
  Result<report::Report> report =
      make_report(options.inputs, shows_all_stacks(options.output.format));
  if (!report) {
    log::error(report.error().message);
    return status_of(report.error());
  }
  if (const auto error = cannot_render(*report, options.output)) {
    log::error(error->message);
    return kInput;
  }
  if (const auto error = write_output(rendered(*report, options.output), options.output.path)) {
    log::error(error->message);
    return kInput;
  }
  return kDone;
}

}  // namespace

void register_report(CLI::App& app, int& status) {
  const auto options = std::make_shared<ReportOptions>();
  CLI::App* command = app.add_subcommand("report", "what grew and where");
  command
      ->add_option("recordings", options->inputs.paths,
                   "recording folders or snapshot files, or heap snapshots (.heapsnapshot) of "
                   "node or Chrome; none: the newest recording here")
      ->type_name("FOLDER|FILE");
  command
      ->add_option("--compare", options->inputs.compared,
                   "an earlier recording, to tell what is new")
      ->type_name("FOLDER|FILE");
  command
      ->add_option("--baseline", options->inputs.baseline,
                   "known findings, from 'silt check --write-baseline'; or an earlier recording")
      ->type_name("FILE")
      ->excludes("--compare");
  add_output_options(*command, options->output);
  add_input_options(*command, options->inputs);
  command->footer(kReportExamples);
  command->callback([options, &status] { status = run_report(*options); });
}

}  // namespace silt::commands
