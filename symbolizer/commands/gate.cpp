// SPDX-License-Identifier: Apache-2.0
//
// Files in, exit status out; the rules themselves are report/policy's.

#include "symbolizer/commands/gate.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <optional>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/log.h"
#include "symbolizer/base/quantity.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/commands/command.h"
#include "symbolizer/report/gate/policy_file.h"
#include "symbolizer/report/gate/unjudged.h"

namespace silt::commands {
namespace {

Result<std::string> read_text(const std::string& path, const char* what) {
  auto text = read_text_file(path);
  if (text) return text;
  return Error{std::string("cannot read ") + what + " " + in_quotes(path) + ": " +
               text.error().message};
}

// Reads and parses a file if one is named, else leaves the default.
template <typename Value, typename Parse>
std::optional<Error> take(const std::string& path, const char* what, Parse parse, Value& to) {
  if (path.empty()) return std::nullopt;
  const Result<std::string> text = read_text(path, what);
  if (!text) return text.error();
  Result<Value> value = parse(*text);
  if (!value) {
    return Error{std::string(what) + " " + in_quotes(path) + ", " + value.error().message};
  }
  to = std::move(*value);
  return std::nullopt;
}

// In a year somebody will want to know; files of LeakSanitizer have none.
void ask_for_reasons(const std::string& path, const std::vector<report::Suppression>& all) {
  const auto silent = std::count_if(
      all.begin(), all.end(), [](const report::Suppression& one) { return one.reason.empty(); });
  if (silent == 0) return;
  log::warning("suppressions " + in_quotes(path) + ": " +
               format_counted(static_cast<double>(silent), "line") +
               " without a reason; leak:PATTERN  # why tells others");
}

std::string today() {
  const time_t now = std::time(nullptr);
  tm parts{};
  char text[16] = "";
  if (gmtime_r(&now, &parts) != nullptr) std::strftime(text, sizeof text, "%Y-%m-%d", &parts);
  return text;
}

}  // namespace

void add_gate_options(CLI::App& app, GateOptions& options) {
  app.add_option("--policy", options.policy, "what may grow how fast; default: no leak at all")
      ->type_name("FILE");
  app.add_option("--suppressions", options.suppressions, "findings that are excused, and why")
      ->type_name("FILE");
  app.add_option("--baseline", options.baseline,
                 "known findings, from 'silt check --write-baseline'")
      ->type_name("FILE");
}

Result<Rules> read_rules(const GateOptions& options) {
  Rules rules;
  if (const auto error = take(options.policy, "policy", report::parse_policy, rules.policy)) {
    return *error;
  }
  if (rules.policy.old_form) {
    log::warning("policy " + in_quotes(options.policy) +
                 " has the older form, which is still read; in TOML, words and sizes are in "
                 "\"quotes\" and a section is [module.NAME]");
  }
  if (const auto error = take(options.suppressions, "suppressions", report::parse_suppressions,
                              rules.suppressions)) {
    return *error;
  }
  ask_for_reasons(options.suppressions, rules.suppressions);
  if (const auto error =
          take(options.baseline, "baseline", report::parse_baseline, rules.baseline)) {
    return *error;
  }
  return rules;
}

void judge(report::Report& report, const Rules& rules) {
  report::apply_policy(report, rules.policy, rules.suppressions, rules.baseline, today());
}

int gate_status(const report::Report& report, const report::Policy& policy) {
  const auto any = [&report](report::Outcome outcome) {
    return std::any_of(
        report.gate.rulings.begin(), report.gate.rulings.end(),
        [outcome](const report::Ruling& ruling) { return ruling.outcome == outcome; });
  };
  if (any(report::Outcome::kBroken)) return kBroken;
  if (any(report::Outcome::kInconclusive) && policy.inconclusive_fails) return kInconclusive;
  if (report.judged_snapshots < report::kFewestForVerdict) return kInput;
  const bool open = std::any_of(report.gate.rulings.begin(), report.gate.rulings.end(),
                                [](const report::Ruling& ruling) {
                                  return ruling.fails || ruling.rule == report::kUnjudgedRule;
                                });
  return open ? kInconclusive : kDone;
}

size_t broken_rules(const report::Report& report) {
  return static_cast<size_t>(std::count_if(
      report.gate.rulings.begin(), report.gate.rulings.end(),
      [](const report::Ruling& ruling) { return ruling.outcome == report::Outcome::kBroken; }));
}

}  // namespace silt::commands
