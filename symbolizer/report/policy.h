// SPDX-License-Identifier: Apache-2.0
//
// The rules of a gate: what may grow how fast, which findings are excused and until when, and what
// is known from before. Files are plain text, fit for a repository and for review.
//
// Policy, `key = value` a line, `#` begins a comment; `[module NAME]` begins a part that holds for
// findings whose site is in a module whose name contains NAME:
//
//   verdicts = leak                 which verdicts break the gate at all: leak, growing
//   confidence = 0.5                findings less sure than this are inconclusive
//   growth-per-hour = 0             each such finding may grow this much an hour
//   total-growth-per-hour = none    all of them together
//   bytes-per-work = none           each, for a unit of work
//   snapshots = 4                   fewer regular snapshots are inconclusive
//   detectable = none               so is a run that would miss leaks of this pace
//   inconclusive = pass             or fail: exit status 4
//
// Suppressions, in the manner of LeakSanitizer, with a reason and if wanted a last day:
//
//   leak:PATTERN  # reason
//   leak:PATTERN  until=2026-12-31  # reason
//
// A pattern is matched against function, file and module of every frame of the finding's stacks;
// `*` stands for anything, `^` and `$` hold it to the beginning and end.
//
// A baseline is what `silt check --write-baseline` wrote: known findings with their pace.

#ifndef SILT_SYMBOLIZER_REPORT_POLICY_H_
#define SILT_SYMBOLIZER_REPORT_POLICY_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "symbolizer/base/result.h"
#include "symbolizer/report/report.h"

namespace silt::report {

struct Limits {
  std::optional<double> growth_per_hour;  // bytes
  std::optional<double> bytes_per_work;
};

struct Policy {
  bool growing_breaks = false;  // not only leaks
  double confidence = 0.5;
  Limits each{0.0, std::nullopt};
  std::optional<double> total_growth_per_hour;
  struct Module {
    std::string name;
    Limits each;
    std::optional<double> total_growth_per_hour;
  };
  std::vector<Module> modules;  // the first that fits a finding holds
  size_t snapshots = 4;
  std::optional<double> detectable;  // bytes an hour
  bool inconclusive_fails = false;
};

struct Suppression {
  std::string pattern;
  std::string until;  // "YYYY-MM-DD", empty: for ever
  std::string reason;
  size_t line = 0;
};

struct Known {
  std::string place;  // place_key of the finding, in one line
  double bytes_per_hour = 0;
};

// Texts of whole files; errors say which line is wrong and what would be right.
Result<Policy> parse_policy(std::string_view text);
Result<std::vector<Suppression>> parse_suppressions(std::string_view text);
Result<std::vector<Known>> parse_baseline(std::string_view text);
std::string write_baseline(const Report& report);

// `today` is "YYYY-MM-DD". Fills Report::gate.
void apply_policy(Report& report, const Policy& policy,
                  const std::vector<Suppression>& suppressions, const std::vector<Known>& baseline,
                  const std::string& today);

// Whether a pattern with `*`, `^` and `$` is found in the text.
bool matches(std::string_view pattern, std::string_view text);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_POLICY_H_
