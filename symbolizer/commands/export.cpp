// SPDX-License-Identifier: Apache-2.0
//
// `silt export`: figures of recordings for the engines that fleets have.

#include "symbolizer/render/export.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "symbolizer/base/log.h"
#include "symbolizer/commands/command.h"
#include "symbolizer/commands/exported.h"
#include "symbolizer/commands/inputs.h"
#include "symbolizer/commands/output.h"

namespace silt::commands {
namespace {

constexpr const char* kExportExamples = R"(
Examples:
  silt export --format openmetrics silt.*      metrics of each recording's newest snapshot
  silt export --format openmetrics -o /var/lib/prometheus/node-exporter/silt.prom silt.*
                                               for node_exporter, which reads whole files only
  silt export --format ndjson -o fleet.ndjson silt.*
                                               a table of all snapshots for DuckDB, ClickHouse, …
docs/fleet.md has the names, the columns and queries.

Exit status: 0 done; 2 usage; 3 an input could not be read, or the output not written.
)";

struct ExportOptions {
  InputOptions inputs;
  std::string format;
  std::string path;
};

int run_export(const ExportOptions& options) {
  const Result<std::vector<render::Exported>> all = load_exported(options.inputs, false);
  if (!all) {
    log::error(all.error().message);
    return status_of(all.error());
  }
  const std::string text = options.format == "openmetrics" ? render::render_openmetrics(*all)
                                                           : render::render_ndjson(*all);
  if (const auto error = write_output(text, options.path)) {
    log::error(error->message);
    return kInput;
  }
  return kDone;
}

}  // namespace

Result<std::vector<render::Exported>> load_exported(const InputOptions& options, bool all_stacks) {
  Result<EachReport> each = make_each_report(options, all_stacks);
  if (!each) return each.error();
  std::vector<render::Exported> all;
  for (size_t i = 0; i < each->reports.size(); ++i) {
    all.push_back({std::move(each->reports[i]), std::move(each->paths[i])});
  }
  return all;
}

void register_export(CLI::App& app, int& status) {
  const auto options = std::make_shared<ExportOptions>();
  CLI::App* command = app.add_subcommand("export", "metrics and tables of recordings");
  command
      ->add_option("recordings", options->inputs.paths,
                   "recording folders or snapshot files; none: the newest recording here")
      ->type_name("FOLDER|FILE");
  command->add_option("--format,-f", options->format, "what to write")
      ->required()
      ->check(CLI::IsMember({"openmetrics", "ndjson"}));
  command
      ->add_option("--output,-o", options->path,
                   "write to this file, when it is complete, instead of standard output")
      ->type_name("FILE");
  add_input_options(*command, options->inputs);
  command->footer(kExportExamples);
  command->callback([options, &status] { status = run_export(*options); });
}

}  // namespace silt::commands
