// SPDX-License-Identifier: Apache-2.0
//
// `silt soak`: a program under silt and under load, snapshots, verdicts, report and exit status in
// one command, as a CI job needs it.

#include <unistd.h>

#include <memory>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/log.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/commands/class_looks.h"
#include "symbolizer/commands/command.h"
#include "symbolizer/commands/failing.h"
#include "symbolizer/commands/gate.h"
#include "symbolizer/commands/heap_at_soak.h"
#include "symbolizer/commands/inputs.h"
#include "symbolizer/commands/output.h"
#include "symbolizer/commands/record_options.h"
#include "symbolizer/commands/soak_outcome.h"
#include "symbolizer/soak/folder.h"
#include "symbolizer/soak/session.h"

namespace silt::commands {
namespace {

constexpr const char* kSoakExamples = R"(
The program is started under silt, in the foreground (no daemon). When it is ready the load command
runs, again and again until the duration is over. Snapshots are taken after the warm-up, of the
program and of every process it started. Then the load and the program are ended, first with
SIGTERM, and what grew is judged and reported. SIGINT or SIGTERM ends a soak early, with a report of
what was gathered.

Exit status: 0 within the policy; 1 a finding broke it; 2 usage; 3 nothing can be said: too short,
the program failed, the load failed at once; 4 inconclusive: a process that was recorded and lived
ten seconds or more (or half of a short soak) could not be judged, or the policy says so.

Examples:
  silt soak --duration 2m --load 'wrk -d 2m http://127.0.0.1:8080/' -- ./server --port 8080
  silt soak --ready-port 8080 --load ./load.sh --junit silt.xml --html silt.html -- ./server
  silt soak --ready 'curl -fs http://127.0.0.1:8080/health' --load 'k6 run load.js' -- node app.js
  silt soak --duration 10m --every 30s --policy silt.policy --out recordings -- ./batch
)";

struct SoakOptions {
  soak::PlanWords plan;
  soak::Task task;
  InputOptions inputs;
  GateOptions gate;
  SoakFiles files;
  std::string out;
  std::string wait;
  std::string ready_timeout = "1m";
  std::string grace = "10s";
  bool full = false;
  std::vector<std::string> misplaced;  // of the help text only
};

// Everything about the command line that can be wrong, before anything is started.
std::optional<Error> read_words(SoakOptions& options, const ProgramCall& call) {
  if (!call.given || call.words.empty()) {
    return Error{"a program is needed: silt soak [options] PROGRAM ARG..."};
  }
  if (std::string mistake = process::mistake_in(options.task.settings); !mistake.empty()) {
    return Error{std::move(mistake)};
  }
  Result<soak::Plan> plan = soak::make_plan(options.plan);
  if (!plan) return plan.error();
  options.task.plan = std::move(*plan);
  const auto take = [](const std::string& word, const char* option,
                       double& to) -> std::optional<Error> {
    if (word.empty()) return std::nullopt;
    const Result<double> seconds = soak::seconds_of(word, option);
    if (!seconds) return seconds.error();
    to = *seconds;
    return std::nullopt;
  };
  if (auto error = take(options.wait, "--wait", options.task.wait_seconds)) return error;
  if (auto error = take(options.ready_timeout, "--ready-timeout", options.task.ready_seconds)) {
    return error;
  }
  return take(options.grace, "--grace", options.task.grace_seconds);
}

int run_soak_command(SoakOptions options, const ProgramCall& call) {
  if (const auto error = read_words(options, call)) return fail(error->message, kUsage);
  const Result<Rules> rules = read_rules(options.gate);
  if (!rules) return fail(rules.error().message, kUsage);
  soak::Folder folder;
  if (const auto error = folder.open(options.out)) return fail(error->message, kInput);
  options.task.folder = folder.path();
  options.task.settings[format::SettingId::kOut] = folder.path();
  options.task.settings[format::SettingId::kAtExit] =
      "0";  // a dying program's tables are no evidence
  const process::NotRunnable problem =
      process::prepare_launch(call.words, options.task.settings, options.task.launch);
  if (problem.status != 0) return fail(problem.message, kInput);
  if (!options.task.launch.obstacle.empty()) log::warning(options.task.launch.obstacle);

  SoakHeaps heaps(folder.path(), options.task.plan.duration_seconds);
  options.task.look_into_heaps = [&heaps](const auto& processes, bool asked, const auto& goes_on) {
    heaps.take(processes, asked, goes_on);
  };
  SoakClassLooks classes;
  options.task.look_at_classes = [&classes](const auto& processes, size_t round, size_t rounds,
                                            const auto& goes_on) {
    classes.take(processes, round, rounds, goes_on);
  };
  Result<soak::Gathered> gathered = soak::run_soak(options.task);
  log::wipe();
  if (!gathered) return fail(gathered.error().message, kInput);
  if (gathered->no_report) return 128 + gathered->signal;
  const std::vector<std::string> recordings = gathered->recordings;
  for (std::string& note : folder.gather(gathered->recordings)) {
    gathered->notes.push_back(std::move(note));
  }
  for (size_t i = 0; i < recordings.size(); ++i) {
    heaps.compare(recordings[i], gathered->recordings[i]);
  }
  for (const std::string& note : gathered->notes) log::warning(note);
  log::step("judging");
  options.inputs.paths = gathered->recordings;
  options.inputs.for_verdict = true;
  Result<report::Report> report = make_report(options.inputs, shows_all_stacks(options.files));
  log::wipe();
  if (!report) {
    return fail(report.error().message, status_of(report.error()));
  }
  for (const std::string& note : gathered->notes) {
    report->notes.push_back(note.substr(0, note.find('\n')));
  }
  report->unjudged = std::move(gathered->unjudged);  // it saw them all, the recordings some
  judge(*report, *rules);
  int status = gate_status(*report, rules->policy);
  if (status == kDone && !gathered->mistrust.empty()) status = kInput;
  const auto unwritten = write_files(*report, options.files);
  OutputOptions text;
  text.full = options.full;
  const std::string outcome = outcome_line(*report, status, gathered->mistrust);
  const auto unshown = write_output(rendered(*report, text) + "\nsilt soak: " + outcome + "\n", "");
  if (!options.out.empty()) log::step("recordings are in " + in_quotes(folder.path()));
  log::wipe();
  for (const auto& error : {unwritten, unshown}) {
    if (!error) continue;
    fail(error->message, 0);
    if (status == kDone) status = kInput;
  }
  return status;
}

void add_run_options(CLI::App& app, SoakOptions& options) {
  soak::Task& task = options.task;
  app.add_option("--duration", options.plan.duration, "how long the load runs, warm-up included")
      ->capture_default_str()
      ->type_name("TIME");
  app.add_option(
         "--warm-up", options.plan.warm_up,
         "take no snapshots in this first part (default: a fifth of the duration, at most 2m)")
      ->type_name("TIME");
  app.add_option("--snapshots", options.plan.snapshots,
                 "snapshots after the warm-up (default: 10)");
  app.add_option("--every", options.plan.every, "take a snapshot at this interval instead: 10s, 1m")
      ->type_name("TIME");
  app.add_option("--load", task.load,
                 "shell command that makes the program work; SILT_SOAK_PID is its process id")
      ->type_name("COMMAND");
  app.add_option("--ready", task.ready, "shell command that succeeds when the load may begin")
      ->type_name("COMMAND");
  app.add_option("--ready-port", task.ready_port, "the load may begin when this port answers")
      ->check(CLI::Range(1, 65535))
      ->type_name("PORT");
  app.add_option("--wait", options.wait, "wait this long before the load begins")
      ->type_name("TIME");
  app.add_option("--ready-timeout", options.ready_timeout,
                 "give up if it is not ready within this time, or, where neither was given,\n"
                 "if the load still fails at once")
      ->capture_default_str()
      ->type_name("TIME");
  app.add_option("--grace", options.grace, "time from SIGTERM until the program is killed")
      ->capture_default_str()
      ->type_name("TIME");
  using format::SettingId;
  add_record_options(app, task.settings,
                     {SettingId::kOut, SettingId::kAtExit, SettingId::kEvery, SettingId::kStart,
                      SettingId::kKeep, SettingId::kAt, SettingId::kBlackbox});
  app.add_option("--out", options.out, "keep recordings and logs in this folder")
      ->type_name("FOLDER");
  app.add_flag("--show-output", task.show_output,
               "the program's output goes to standard error instead of a log");
  app.add_flag("--full", options.full, "every stack of each finding, with all its frames");
}

}  // namespace

void register_soak(CLI::App& app, const ProgramCall& call, int& status) {
  auto options = std::make_shared<SoakOptions>();
  CLI::App* command =
      app.add_subcommand("soak", "run a program under load, and judge and report what grew");
  add_run_options(*command, *options);
  add_file_options(*command, options->files);
  add_gate_options(*command, options->gate);
  add_input_options(*command, options->inputs);
  // Only for the help text: the program's words never get here.
  command
      ->add_option("PROGRAM", options->misplaced,
                   "what to run, with its arguments; '--' before it is optional")
      ->type_name("[ARG]");
  command->footer(kSoakExamples);
  command->callback([options, &call, &status] { status = run_soak_command(*options, call); });
}

}  // namespace silt::commands
