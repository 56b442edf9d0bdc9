// SPDX-License-Identifier: Apache-2.0
//
// Inputs of report and check; see the header.

#include "symbolizer/commands/inputs.h"

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/commands/each_report.h"
#include "symbolizer/read/recording_folder.h"
#include "symbolizer/report/compare.h"
#include "symbolizer/report/gate/baseline.h"
#include "symbolizer/report/gate/policy.h"
#include "symbolizer/report/gate/unjudged.h"
#include "symbolizer/report/source_places.h"

namespace silt::commands {
namespace {

// How many were left out.
size_t leave_out_short(EachReport& each) {
  auto& [reports, paths, processes] = each;
  const std::vector<bool> worth = report::worth_a_verdict(processes);
  size_t kept = 0;
  for (size_t i = 0; i < worth.size(); ++i) {
    if (!worth[i]) continue;
    if (kept != i) {
      reports[kept] = std::move(reports[i]);
      paths[kept] = std::move(paths[i]);
    }
    ++kept;
  }
  reports.resize(kept);
  paths.resize(kept);
  return worth.size() - kept;
}

// Marks what grows as a gate would: one file, one answer.
std::optional<Error> mark_by_baseline(const std::string& path, report::Report& report) {
  const Result<std::string> text = read_text_file(path);
  if (!text) return Error{"cannot read baseline " + in_quotes(path) + ": " + text.error().message};
  const auto places = report::parse_baseline(*text);
  if (!places) return Error{"baseline " + in_quotes(path) + ", " + places.error().message};
  for (report::Finding& finding : report.findings) {
    if (report::rises(finding.verdict)) report::mark_against(*places, report.busyness, finding);
  }
  return std::nullopt;
}

}  // namespace

void add_input_options(CLI::App& app, InputOptions& options) {
  app.add_option("--top", options.top,
                 "stacks to show besides those of findings; 0: all (default: 20)")
      ->check(CLI::NonNegativeNumber)
      ->each([&options](const std::string&) { options.top_given = true; });
  app.add_option("--module", options.module,
                 "only stacks with a frame in a module whose name contains this")
      ->type_name("NAME");
  app.add_option("--function", options.function,
                 "only stacks with a frame in a function whose name contains this")
      ->type_name("NAME");
  app.add_option("--verdict", options.verdicts,
                 "only findings with these verdicts: leak, growing, bounded, sawtooth, steady")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("VERDICT");
  app.add_option("--look-through", options.look_through,
                 "modules that are never the site of a finding")
      ->type_name("MODULE")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--limit", options.limit,
                 "say when growth will reach this size (default: the cgroup's limit)")
      ->type_name("SIZE");
  app.add_option(
         "--work", options.work,
         "units of work done: a number for the whole time, or a file with 'SECONDS COUNT' a "
         "line")
      ->type_name("NUMBER|FILE");
  app.add_option("--debug-folder", options.debug_folders, "also look for debug files here")
      ->type_name("FOLDER")
      ->allow_extra_args(false);
  app.add_flag("--debuginfod", options.debuginfod, "ask debuginfod servers for debug information");
  app.add_option("--jobs", options.jobs,
                 "threads to read recordings with; 0: one for each processor (default: 0)");
}

Result<report::Report> make_report(const InputOptions& given, bool all_stacks) {
  InputOptions options = given;
  std::error_code unreadable;
  const std::filesystem::path known(options.baseline);
  const bool is_recording = std::filesystem::is_directory(known, unreadable) ||
                            read::is_snapshot_name(known.filename().native());
  if (is_recording) options.compared = std::exchange(options.baseline, "");
  Result<EachReport> each = make_each_report(options, all_stacks);
  if (!each) return each.error();
  const size_t left_out = options.for_verdict ? leave_out_short(*each) : 0;
  report::Report report = each->reports.size() == 1
                              ? std::move(each->reports.front())
                              : report::combine(std::move(each->reports), each->paths);
  report.unjudged = report::find_unjudged(each->processes);
  if (left_out > 0) report.notes.push_back(report::left_out_text(left_out));
  for (size_t i = 0; i < report.unjudged.size() && !options.for_verdict; ++i) {
    report.notes.push_back(report::unjudged_text(report.unjudged[i]));
  }
  if (!options.compared.empty()) {
    InputOptions earlier = options;
    earlier.work.clear();
    earlier.paths = {options.compared};
    const Result<EachReport> before = make_each_report(earlier, all_stacks);
    if (!before) return before.error();
    report::compare(report, before->reports.front());
  }
  if (!options.baseline.empty()) {
    if (auto error = mark_by_baseline(options.baseline, report)) return *error;
  }
  const auto variable = [](const char* name) -> const char* { return std::getenv(name); };
  std::error_code error;
  const std::string here = std::filesystem::current_path(error).native();
  report::add_source_places(report::Checkouts(report::checkouts_of(variable, here)), report);
  return report;
}

}  // namespace silt::commands
