// SPDX-License-Identifier: Apache-2.0
//
// `silt check`: the gate of a CI job. A report, a policy, suppressions and a baseline in; an exit
// status and a report in the job's format out.

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>

#include "symbolizer/base/log.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/commands/command.h"
#include "symbolizer/commands/gate.h"
#include "symbolizer/commands/inputs.h"
#include "symbolizer/commands/output.h"
#include "symbolizer/report/gate/policy.h"
#include "symbolizer/report/gate/policy_template.h"

namespace silt::commands {
namespace {

constexpr const char* kCheckExamples = R"(
Exit status: 0 within the policy; 1 a finding broke it; 2 usage; 3 an input could not be read or is
too short for a verdict; 4 inconclusive: a process that was recorded and lived ten seconds or more
could not be judged, memory grows as a whole and no place explains it, or the policy says
'inconclusive = "fail"'.

Policy file, TOML, all optional:
  verdicts = "leak"               or ["leak", "growing"]
  growth-per-hour = 0             allowed for each finding: "64 kB", "1.5 MB", "none"
  total-growth-per-hour = "none"  allowed for all together
  bytes-per-work = "none"         allowed for each unit of work (--work)
  confidence = 0.5                findings less sure are inconclusive
  snapshots = 4                   fewer are inconclusive
  detectable = "none"             so is a run that would miss leaks of this size an hour
  inconclusive = "pass"           or "fail"
  whole = "inconclusive"          memory that grows as a whole without a place to blame, and may
                                  not be a leak: "inconclusive" (exit status 4), "pass" or "fail";
                                  a leak of the whole always fails
  unjudged = "fail"               or "pass": recorded processes without a verdict
  [module.libfoo]                 what follows holds for findings in such a module
'silt check --init' writes a file with all of them, explained.
Suppressions, a line each, `*` for anything, a reason and if wanted a last day; files of
LeakSanitizer are read as they are:
  leak:legacy_cache_* until=2026-12-31  # replaced in the next release

Examples:
  silt check                                        no leak in the newest recording
  silt check --init                                 a policy to begin with, silt.policy
  silt check --policy silt.policy silt.shop.4711
  silt check --format junit -o silt.xml silt.shop.4711
  silt check --write-baseline silt.baseline RECORDING   accept what is there
  silt check --baseline silt.baseline RECORDING         only what is new or worse fails
  silt check --suppressions silt.supp --format github RECORDING
)";

struct CheckOptions {
  InputOptions inputs;
  OutputOptions output;
  GateOptions gate;
  std::string write_baseline;
  std::string init;
};

constexpr const char* kPolicyFile = "silt.policy";

// Only where there is none: it would be gone. Not through a link either, whose end may be anywhere.
int write_policy(const std::string& path) {
  const std::string_view text = report::policy_template();
  const int fd =
      open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode_t{0666});
  const bool written =
      fd >= 0 && write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int why = errno;
  if (fd >= 0 && close(fd) != 0 && written) return kInput;
  if (!written) {
    log::error("cannot write policy " + in_quotes(path) + ": " + std::strerror(why) +
               (why == EEXIST ? "; --init FILE names another" : ""));
    return kInput;
  }
  log::step("a policy that changes nothing yet is in " + in_quotes(path));
  return kDone;
}

int run_check(CheckOptions options) {
  if (!options.init.empty()) return write_policy(options.init);
  options.inputs.for_verdict = true;
  const auto failed = [](const Error& error, int status) {
    log::error(error.message);
    return status;
  };
  const Result<Rules> rules = read_rules(options.gate);
  if (!rules) return failed(rules.error(), kUsage);
  Result<report::Report> report =
      make_report(options.inputs, shows_all_stacks(options.output.format));
  if (!report) {
    return failed(report.error(), status_of(report.error()));
  }
  if (!options.write_baseline.empty()) {
    if (const auto error = write_output(report::write_baseline(*report), options.write_baseline)) {
      return failed(*error, kInput);
    }
    return kDone;
  }
  judge(*report, *rules);
  if (const auto error = write_output(rendered(*report, options.output), options.output.path)) {
    return failed(*error, kInput);
  }
  const int status = gate_status(*report, rules->policy);
  if (status == kInput) {
    log::warning("too short for a verdict: " + std::to_string(report->judged_snapshots) +
                 " snapshots under load");
  } else if (status != kDone && !options.output.path.empty()) {
    log::warning((status == kInconclusive
                      ? "inconclusive"
                      : std::to_string(broken_rules(*report)) + " of the policy's rules broken") +
                 ", see " + in_quotes(options.output.path));
  }
  return status;
}

}  // namespace

void register_check(CLI::App& app, int& status) {
  const auto options = std::make_shared<CheckOptions>();
  CLI::App* command = app.add_subcommand(
      "check", "the CI gate: verdicts against a policy, exit status 1 if broken");
  command
      ->add_option("recordings", options->inputs.paths,
                   "recording folders or snapshot files; none: the newest recording here")
      ->type_name("FOLDER|FILE");
  add_gate_options(*command, options->gate);
  command
      ->add_option("--write-baseline", options->write_baseline,
                   "write what grows now to this file, as known, and judge nothing")
      ->type_name("FILE");
  command
      ->add_option("--init", options->init,
                   "write a policy to begin with to this file (silt.policy), with every key "
                   "explained, and judge nothing")
      ->type_name("FILE")
      ->expected(0, 1)
      ->default_str(kPolicyFile);
  add_output_options(*command, options->output);
  add_input_options(*command, options->inputs);
  command->footer(kCheckExamples);
  command->callback([options, &status] { status = run_check(*options); });
}

}  // namespace silt::commands
