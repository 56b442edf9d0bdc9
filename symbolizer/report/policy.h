// SPDX-License-Identifier: Apache-2.0
//
// The rules of a gate: what may grow how fast. Beside them stand the findings that are excused
// (suppression.h) and those that are known from before (baseline.h). All three are files of plain
// text, fit for a repository and for review.
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
//   whole = inconclusive            a whole that grows, but may not leak: pass, inconclusive (exit
//                                   status 4 in any case) or fail
//   unjudged = fail                 or pass: recorded processes of which nothing can be said

#ifndef SILT_SYMBOLIZER_REPORT_POLICY_H_
#define SILT_SYMBOLIZER_REPORT_POLICY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "symbolizer/base/result.h"
#include "symbolizer/report/baseline.h"
#include "symbolizer/report/report.h"
#include "symbolizer/report/suppression.h"

namespace silt::report {

struct Limits {
  std::optional<double> growth_per_hour;  // bytes
  std::optional<double> bytes_per_work;
};

enum class WholeRule : uint8_t { kPass, kInconclusive, kFail };

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
  WholeRule whole = WholeRule::kInconclusive;
  bool unjudged_fails = true;
};

// The rule by which processes that could not be judged make a run inconclusive.
inline constexpr const char* kUnjudgedRule = "unjudged";
// One line that names it and says why.
std::string unjudged_text(const Unjudged& process);

// Text of a whole file; an error says which line is wrong and what would be right.
Result<Policy> parse_policy(std::string_view text);

// `today` is "YYYY-MM-DD". Fills Report::gate.
void apply_policy(Report& report, const Policy& policy,
                  const std::vector<Suppression>& suppressions, const std::vector<Place>& baseline,
                  const std::string& today);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_POLICY_H_
