// SPDX-License-Identifier: Apache-2.0
//
// Inputs of report and check; see the header.

#include "symbolizer/commands/inputs.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <future>
#include <map>
#include <thread>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/log.h"
#include "symbolizer/base/quantity.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/base/setting_text.h"
#include "symbolizer/commands/work_file.h"
#include "symbolizer/report/compare.h"
#include "symbolizer/report/gate/policy.h"
#include "symbolizer/report/gate/unjudged.h"
#include "symbolizer/symbolize/symbolizer.h"

namespace silt::commands {
namespace {

namespace fs = std::filesystem;

Result<read::Recording> newest_in(const fs::path& folder, const std::string& what) {
  const std::vector<fs::path> found = read::find_recordings(folder);
  if (found.empty()) {
    return Error{"no recording " + what + "; name one, or make one with 'silt run -- PROGRAM'"};
  }
  return read::read_recording(found.front());
}

bool holds_snapshots(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() == ".silt") return true;
  }
  return false;
}

Result<std::vector<report::Verdict>> parse_verdicts(const std::vector<std::string>& words) {
  using report::Verdict;
  std::vector<Verdict> verdicts;
  for (const std::string& word : words) {
    bool known = false;
    for (const Verdict verdict : {Verdict::kLeak, Verdict::kGrowing, Verdict::kBounded,
                                  Verdict::kSawtooth, Verdict::kSteady, Verdict::kRetained}) {
      if (word != report::verdict_word(verdict)) continue;
      verdicts.push_back(verdict);
      known = true;
    }
    if (!known) {
      return usage_error("--verdict " + in_quotes(word) +
                         ": expected leak, growing, bounded, sawtooth, steady or retained");
    }
  }
  return verdicts;
}

Result<report::Report> report_of(const read::Recording& recording, const InputOptions& options,
                                 const report::Options& build, const log::Progress& progress) {
  report::Options own = build;
  if (!options.work.empty()) {
    Result<std::vector<double>> work = work_at_snapshots(options.work, recording);
    if (!work) return work.error();
    own.work = std::move(*work);
  }
  symbolize::Options naming;
  naming.debuginfod = options.debuginfod;
  for (const std::string& folder : options.debug_folders) naming.debug_folders.emplace_back(folder);
  symbolize::Symbolizer symbolizer(recording, naming);
  return report::build_report(
      recording, report::names_of(symbolizer), own,
      [&progress](const char* what, double done) { progress.tell(what, done); });
}

std::string read_text(const read::Recording& recording) {
  return in_quotes(recording.path) + ": " +
         format_counted(static_cast<double>(recording.snapshots.size()), "snapshot") + " of " +
         in_quotes(recording.program) + ", " +
         format_counted(static_cast<double>(recording.stacks.size()), "stack");
}

// How many were left out.
size_t leave_out_short(const std::vector<report::RecordedProcess>& processes,
                       std::vector<report::Report>& reports, std::vector<std::string>& paths) {
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

Result<std::vector<read::Recording>> load_recordings(const std::vector<std::string>& paths,
                                                     unsigned jobs) {
  std::vector<read::Recording> recordings;
  const auto take = [&recordings](Result<read::Recording> recording) -> std::optional<Error> {
    if (!recording) return recording.error();
    recordings.push_back(std::move(*recording));
    return std::nullopt;
  };
  if (paths.empty()) {
    const char* out = std::getenv("SILT_OUT");
    std::optional<Error> error;
    if (!read::find_recordings(".").empty() || out == nullptr) {
      error = take(newest_in(".", "in the current folder"));
    } else {
      error = take(newest_in(out, "in SILT_OUT, " + in_quotes(std::string_view(out))));
    }
    if (error) return *error;
    return recordings;
  }
  using Read = std::function<Result<read::Recording>()>;
  std::vector<Read> reads;
  std::map<fs::path, std::vector<fs::path>> snapshots;  // by folder
  std::vector<fs::path> order;
  for (const std::string& text : paths) {
    const fs::path path(text);
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::exists(status)) {
      return Error{"cannot read " + in_quotes(path) + ": no such file or folder"};
    }
    if (!fs::is_directory(status)) {
      const fs::path folder = path.parent_path();
      if (snapshots[folder].empty()) order.push_back(folder);
      snapshots[folder].push_back(path);
    } else if (holds_snapshots(path) || read::find_recordings(path).empty()) {
      reads.push_back([path] { return read::read_recording(path); });
    } else {
      reads.push_back([path] { return newest_in(path, "in " + in_quotes(path)); });
    }
  }
  for (const fs::path& folder : order) {
    reads.push_back([files = snapshots[folder]] { return read::read_snapshots(files); });
  }
  const size_t threads =
      std::max<size_t>(1, jobs != 0 ? jobs : std::thread::hardware_concurrency());
  for (size_t begin = 0; begin < reads.size(); begin += threads) {
    std::vector<std::future<Result<read::Recording>>> batch;
    for (size_t i = begin; i < std::min(reads.size(), begin + threads); ++i) {
      const auto policy = reads.size() > 1 ? std::launch::async : std::launch::deferred;
      batch.push_back(std::async(policy, reads[i]));
    }
    for (auto& future : batch) {
      if (const auto failed = take(future.get())) return *failed;
    }
  }
  return recordings;
}

Result<report::Report> make_report(const InputOptions& options, bool all_stacks) {
  report::Options build;
  build.top = all_stacks && !options.top_given ? 0 : options.top;
  build.module = options.module;
  build.function = options.function;
  build.look_through = options.look_through;
  Result<std::vector<report::Verdict>> verdicts = parse_verdicts(options.verdicts);
  if (!verdicts) return verdicts.error();
  build.verdicts = std::move(*verdicts);
  if (!options.limit.empty()) {
    const std::optional<uint64_t> limit = parse_size(options.limit);
    if (!limit || *limit == 0) {
      return usage_error("--limit " + in_quotes(options.limit) +
                         ": expected a size such as 512M or 1.5 GB");
    }
    build.limit_bytes = *limit;
  }
  log::Progress progress;
  progress.tell("reading", 0);
  Result<std::vector<read::Recording>> recordings = load_recordings(options.paths, options.jobs);
  if (!recordings) return recordings.error();
  for (const read::Recording& recording : *recordings) log::debug(read_text(recording));

  std::vector<report::Report> reports;
  std::vector<std::string> paths;
  std::vector<report::RecordedProcess> processes;
  for (read::Recording& recording : *recordings) {
    Result<report::Report> report = report_of(recording, options, build, progress);
    if (!report) return report.error();
    processes.push_back(report::facts_of(recording, *report));
    reports.push_back(std::move(*report));
    paths.push_back(recording.path.string());
    recording = read::Recording();  // a large one is no longer needed
  }
  const size_t left_out = options.for_verdict ? leave_out_short(processes, reports, paths) : 0;
  report::Report report =
      reports.size() == 1 ? std::move(reports.front()) : report::combine(std::move(reports), paths);
  report.unjudged = report::find_unjudged(processes);
  if (left_out > 0) report.notes.push_back(report::left_out_text(left_out));
  for (size_t i = 0; i < report.unjudged.size() && !options.for_verdict; ++i) {
    report.notes.push_back(report::unjudged_text(report.unjudged[i]));
  }
  if (!options.compared.empty()) {
    Result<std::vector<read::Recording>> old = load_recordings({options.compared}, options.jobs);
    if (!old) return old.error();
    InputOptions plain = options;
    plain.work.clear();
    Result<report::Report> before = report_of(old->front(), plain, build, progress);
    if (!before) return before.error();
    report::compare(report, *before);
  }
  return report;
}

}  // namespace silt::commands
