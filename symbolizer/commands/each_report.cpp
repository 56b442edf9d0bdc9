// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/commands/each_report.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "symbolizer/base/log.h"
#include "symbolizer/base/quantity.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/base/setting_text.h"
#include "symbolizer/commands/recordings.h"
#include "symbolizer/commands/work_file.h"
#include "symbolizer/report/build.h"
#include "symbolizer/report/runtime.h"
#include "symbolizer/symbolize/managed_stacks.h"
#include "symbolizer/symbolize/symbolizer.h"

namespace silt::commands {
namespace {

// So many processes have so many stacks each that formats with all of them would not fit memory;
// the report says how many were left out.
constexpr size_t kMany = 20;
constexpr size_t kTopOfMany = 100;

using Tell = std::function<void(const char* what, double done)>;

struct OneReport {
  report::Report report;
  std::string path;
  report::RecordedProcess process;
};

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

Result<report::Options> build_options(const InputOptions& options, bool all_stacks, size_t count) {
  report::Options build;
  build.top = options.top;
  if (all_stacks && !options.top_given) build.top = count > kMany ? kTopOfMany : 0;
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
  return build;
}

std::string read_text(const read::Recording& recording) {
  return in_quotes(recording.path) + ": " +
         format_counted(static_cast<double>(recording.snapshots.size()), "snapshot") + " of " +
         in_quotes(recording.program) + ", " +
         format_counted(static_cast<double>(recording.stacks.size()), "stack");
}

Result<OneReport> report_of(const ReadRecording& read, const InputOptions& options,
                            const report::Options& build, const Tell& tell) {
  tell("reading", 0);
  Result<read::Recording> recording = read();
  if (!recording) return recording.error();
  log::debug(read_text(*recording));
  report::Options own = build;
  if (!options.work.empty()) {
    Result<std::vector<double>> work = work_at_snapshots(options.work, *recording);
    if (!work) return work.error();
    own.work = std::move(*work);
  }
  symbolize::Options naming;
  naming.debuginfod = options.debuginfod;
  for (const std::string& folder : options.debug_folders) naming.debug_folders.emplace_back(folder);
  symbolize::Symbolizer symbolizer(*recording, naming);
  symbolize::put_compiled_calls(*recording, symbolizer, report::heap_profiler());
  OneReport one;
  one.report = report::build_report(*recording, report::names_of(symbolizer), own, tell);
  one.path = recording->path.string();
  one.process = report::facts_of(*recording, one.report);
  return one;
}

// Each thread takes the next recording; a failure ends the work early.
class Pool {
 public:
  Pool(const std::vector<ReadRecording>& reads, const InputOptions& options,
       const report::Options& build)
      : reads_(reads), options_(options), build_(build), results_(reads.size()) {}

  Result<EachReport> run() {
    const size_t wanted = options_.jobs != 0 ? options_.jobs : std::thread::hardware_concurrency();
    std::vector<std::thread> threads;
    for (size_t i = 1; i < std::min(wanted, reads_.size()); ++i) {
      threads.emplace_back([this] { work(); });
    }
    work();
    for (std::thread& thread : threads) thread.join();
    if (thrown_) std::rethrow_exception(thrown_);
    EachReport each;
    for (std::optional<Result<OneReport>>& result : results_) {
      if (result && !*result) return result->error();
    }
    for (std::optional<Result<OneReport>>& result : results_) {
      OneReport& one = **result;
      each.reports.push_back(std::move(one.report));
      each.paths.push_back(std::move(one.path));
      each.processes.push_back(std::move(one.process));
    }
    return each;
  }

 private:
  // Out of memory in one thread is for main to tell, as everywhere.
  void work() {
    try {
      work_on();
    } catch (...) {
      const std::lock_guard lock(telling_);
      thrown_ = std::current_exception();
      failed_ = true;
    }
  }

  void work_on() {
    const Tell tell = [this](const char* what, double done) {
      if (reads_.size() == 1) progress_.tell(what, done);
    };
    for (size_t i = next_++; i < reads_.size() && !failed_; i = next_++) {
      results_[i] = report_of(reads_[i], options_, build_, tell);
      if (!*results_[i]) failed_ = true;
      const std::lock_guard lock(telling_);
      ++done_;
      if (reads_.size() == 1) continue;
      progress_.tell("reading and judging recordings",
                     static_cast<double>(done_) / static_cast<double>(reads_.size()));
    }
  }

  const std::vector<ReadRecording>& reads_;
  const InputOptions& options_;
  const report::Options& build_;
  std::vector<std::optional<Result<OneReport>>> results_;
  std::atomic<size_t> next_{0};
  std::atomic<bool> failed_{false};
  std::mutex telling_;
  std::exception_ptr thrown_;
  size_t done_ = 0;
  log::Progress progress_;
};

}  // namespace

Result<EachReport> make_each_report(const InputOptions& options, bool all_stacks) {
  const Result<std::vector<ReadRecording>> reads = recordings_named(options.paths);
  if (!reads) return reads.error();
  const Result<report::Options> build = build_options(options, all_stacks, reads->size());
  if (!build) return build.error();
  return Pool(*reads, options, *build).run();
}

}  // namespace silt::commands
