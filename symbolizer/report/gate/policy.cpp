// SPDX-License-Identifier: Apache-2.0
//
// The gate's rules; see the header.

#include "symbolizer/report/gate/policy.h"

#include <algorithm>
#include <unordered_map>

#include "symbolizer/base/quantity.h"

namespace silt::report {
namespace {

bool in_module(const Policy::Module& module, const Finding& finding) {
  return finding.site.module.find(module.name) != std::string::npos ||
         finding.site.file.find(module.name) != std::string::npos;
}

}  // namespace

std::string unjudged_text(const Unjudged& process) {
  return "process " + std::to_string(process.pid) + " (" +
         (process.program.empty() ? "?" : process.program) +
         ") could not be judged: " + process.why;
}

void apply_policy(Report& report, const Policy& policy,
                  const std::vector<Suppression>& suppressions, const std::vector<Place>& baseline,
                  const std::string& today) {
  report.gate = {};
  report.gate.ran = true;
  std::vector<Ruling>& rulings = report.gate.rulings;
  const auto rule_run = [&rulings](Outcome outcome, std::string rule, std::string why) {
    rulings.push_back({std::nullopt, outcome, std::move(rule), std::move(why)});
  };
  if (report.judged_snapshots < policy.snapshots) {
    rule_run(Outcome::kInconclusive, "snapshots",
             format_counted(static_cast<double>(report.judged_snapshots), "snapshot") +
                 " under load, the policy wants " + std::to_string(policy.snapshots));
  }
  if (policy.detectable && report.detectable_bytes_per_hour &&
      *report.detectable_bytes_per_hour > *policy.detectable) {
    rule_run(Outcome::kInconclusive, "detectable",
             "this run would miss leaks below " + format_bytes(*report.detectable_bytes_per_hour) +
                 "/h, the policy wants " + format_bytes(*policy.detectable) + "/h");
  }
  for (const Unjudged& process : report.unjudged) {
    std::string text = unjudged_text(process);
    if (policy.unjudged_fails) {
      rule_run(Outcome::kInconclusive, kUnjudgedRule, std::move(text));
    } else {
      report.notes.push_back(std::move(text));
    }
  }
  std::unordered_map<read::StackId, const StackLine*> stacks;
  for (const StackLine& stack : report.stacks) stacks.try_emplace(stack.id, &stack);
  std::vector<bool> used(suppressions.size(), false);
  double total = 0;
  std::vector<double> module_totals(policy.modules.size(), 0);
  for (size_t i = 0; i < report.findings.size(); ++i) {
    Finding& finding = report.findings[i];
    // A whole that grows may be nobody's leak, but what grows and is not explained has not passed.
    const bool doubtful = !finding.whole.empty() && finding.verdict == Verdict::kGrowing;
    const bool accused = finding.verdict == Verdict::kLeak ||
                         (policy.growing_breaks && finding.verdict == Verdict::kGrowing) ||
                         (doubtful && policy.whole != WholeRule::kPass);
    const auto rule = [&](Outcome outcome, std::string name, std::string why) {
      rulings.push_back({i, outcome, std::move(name), std::move(why)});
    };
    if (!accused) {
      rule(Outcome::kPassed, "verdict", verdict_word(finding.verdict));
      continue;
    }
    const double pace = std::max(0.0, finding.bytes_per_hour.value_or(0));
    bool excused = false;
    for (size_t s = 0; s < suppressions.size() && !excused; ++s) {
      const Suppression& suppression = suppressions[s];
      if (!suppresses(suppression, finding, stacks)) continue;
      used[s] = true;
      if (!suppression.until.empty() && suppression.until < today) {
        report.notes.push_back("the suppression in line " + std::to_string(suppression.line) +
                               " ran out on " + suppression.until + ": " + suppression.pattern);
        continue;
      }
      excused = true;
      rule(Outcome::kExcused, "suppression",
           (suppression.reason.empty() ? "suppressed: " + suppression.pattern
                                       : "suppressed: " + suppression.reason) +
               (suppression.until.empty() ? "" : " (until " + suppression.until + ")"));
    }
    if (excused) continue;
    mark_against(baseline, report.busyness, finding);
    if (finding.change == Change::kKnown) {
      rule(Outcome::kExcused, "baseline", "known from the baseline, and not worse");
      continue;
    }
    if (doubtful && !policy.growing_breaks && policy.whole == WholeRule::kInconclusive) {
      rule(Outcome::kInconclusive, "whole", "");
      rulings.back().fails = true;
      continue;
    }
    if (finding.confidence < policy.confidence) {
      rule(Outcome::kInconclusive, "confidence",
           "only " + format_percent(finding.confidence) + " sure, the policy wants " +
               format_percent(policy.confidence));
      continue;
    }
    total += pace;
    const Limits* limits = &policy.each;
    for (size_t m = 0; m < policy.modules.size(); ++m) {
      if (!in_module(policy.modules[m], finding)) continue;
      limits = &policy.modules[m].each;
      module_totals[m] += pace;
      break;
    }
    if (limits->growth_per_hour &&
        (pace > *limits->growth_per_hour || *limits->growth_per_hour == 0)) {
      rule(Outcome::kBroken, "growth-per-hour",
           format_bytes(pace) + "/h, the policy allows " + format_bytes(*limits->growth_per_hour) +
               "/h");
    } else if (limits->bytes_per_work && finding.bytes_per_work &&
               *finding.bytes_per_work > *limits->bytes_per_work) {
      rule(Outcome::kBroken, "bytes-per-work",
           format_bytes(*finding.bytes_per_work) + " per unit of work, the policy allows " +
               format_bytes(*limits->bytes_per_work));
    } else {
      rule(Outcome::kPassed, "growth-per-hour", "within the policy");
    }
  }
  if (policy.total_growth_per_hour && total > *policy.total_growth_per_hour) {
    rule_run(Outcome::kBroken, "total-growth-per-hour",
             "all findings together grow by " + format_bytes(total) + "/h, the policy allows " +
                 format_bytes(*policy.total_growth_per_hour) + "/h");
  }
  for (size_t m = 0; m < policy.modules.size(); ++m) {
    const std::optional<double>& limit = policy.modules[m].total_growth_per_hour;
    if (!limit || module_totals[m] <= *limit) continue;
    rule_run(
        Outcome::kBroken, "total-growth-per-hour of " + policy.modules[m].name,
        format_bytes(module_totals[m]) + "/h, the policy allows " + format_bytes(*limit) + "/h");
  }
  for (size_t s = 0; s < suppressions.size(); ++s) {
    if (!used[s]) {
      report.notes.push_back("the suppression in line " + std::to_string(suppressions[s].line) +
                             " matched nothing: " + suppressions[s].pattern);
    }
  }
}

}  // namespace silt::report
