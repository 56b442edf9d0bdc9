// SPDX-License-Identifier: Apache-2.0
//
// The gate's rules; see the header.

#include "symbolizer/report/policy.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <unordered_map>

#include "symbolizer/base/quantity.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/report/place.h"
#include "symbolizer/report/rule_lines.h"

namespace silt::report {
namespace {

// A known finding may be this much faster than its baseline before it breaks the gate again.
constexpr double kWorse = 1.25;

// "0", "1.5 MB", "2k": bytes, as --limit takes them.
std::optional<double> bytes_of(std::string_view text) {
  const std::string value(text);
  char* end = nullptr;
  const double number = std::strtod(value.c_str(), &end);
  if (end == value.c_str() || !std::isfinite(number) || number < 0) return std::nullopt;
  std::string unit;
  for (; *end != '\0'; ++end) {
    if (*end != ' ') unit += static_cast<char>(std::tolower(static_cast<unsigned char>(*end)));
  }
  static const std::unordered_map<std::string, double> kUnits = {
      {"", 1},     {"b", 1},           {"k", 1024},         {"kib", 1024},
      {"kb", 1e3}, {"mb", 1e6},        {"m", 1048576.},     {"mib", 1048576.},
      {"gb", 1e9}, {"g", 1073741824.}, {"gib", 1073741824.}};
  const auto at = kUnits.find(unit);
  return at == kUnits.end() ? std::nullopt : std::optional(number * at->second);
}

std::optional<Error> set_bytes(std::optional<double>& to, size_t number, std::string_view key,
                               std::string_view value) {
  if (value == "none") {
    to.reset();
    return std::nullopt;
  }
  const std::optional<double> bytes = bytes_of(value);
  if (!bytes) {
    return wrong_line(number, in_quotes(key) + " is " + in_quotes(value) +
                                  "; expected a size such as 0, 64 kB, 1.5 MB, or none");
  }
  to = bytes;
  return std::nullopt;
}

// Keys of the whole file.
std::optional<Error> set_general(Policy& policy, size_t number, std::string_view key,
                                 std::string_view value) {
  const auto refuse = [&](const char* expected) {
    return wrong_line(number,
                      in_quotes(key) + " is " + in_quotes(value) + "; expected " + expected);
  };
  const std::string text(value);
  char* end = nullptr;
  if (key == "total-growth-per-hour")
    return set_bytes(policy.total_growth_per_hour, number, key, value);
  if (key == "detectable") return set_bytes(policy.detectable, number, key, value);
  if (key == "verdicts") {
    if (value != "leak" && value != "leak, growing" && value != "leak,growing") {
      return refuse("leak, or leak,growing");
    }
    policy.growing_breaks = value != "leak";
    return std::nullopt;
  }
  if (key == "confidence") {
    policy.confidence = std::strtod(text.c_str(), &end);
    if (end == text.c_str() || *end != '\0' ||
        !(policy.confidence >= 0 && policy.confidence <= 1)) {
      return refuse("a number from 0 to 1");
    }
    return std::nullopt;
  }
  if (key == "snapshots") {
    const long count = std::strtol(text.c_str(), &end, 10);
    if (end == text.c_str() || *end != '\0' || count < 2) return refuse("a whole number above 1");
    policy.snapshots = static_cast<size_t>(count);
    return std::nullopt;
  }
  if (key == "inconclusive") {
    if (value != "pass" && value != "fail") return refuse("pass or fail");
    policy.inconclusive_fails = value == "fail";
    return std::nullopt;
  }
  if (key == "whole") {
    if (value != "pass" && value != "inconclusive" && value != "fail") {
      return refuse("pass, inconclusive or fail");
    }
    policy.whole = value == "pass"   ? WholeRule::kPass
                   : value == "fail" ? WholeRule::kFail
                                     : WholeRule::kInconclusive;
    return std::nullopt;
  }
  if (key == "unjudged") {
    if (value != "pass" && value != "fail") return refuse("pass or fail");
    policy.unjudged_fails = value == "fail";
    return std::nullopt;
  }
  return wrong_line(
      number, "unknown key " + in_quotes(key) +
                  "; known are verdicts, confidence, growth-per-hour, "
                  "total-growth-per-hour, bytes-per-work, snapshots, detectable, inconclusive, "
                  "whole, unjudged");
}

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

Result<Policy> parse_policy(std::string_view text) {
  Policy policy;
  Policy::Module* module = nullptr;
  const auto error =
      for_lines(text, [&](size_t number, std::string_view line) -> std::optional<Error> {
        line = trimmed(line.substr(0, line.find('#')));
        if (line.empty()) return std::nullopt;
        if (line.front() == '[') {
          if (line.back() != ']' || line.substr(0, 8) != "[module ") {
            return wrong_line(number, "expected [module NAME]");
          }
          const std::string_view name = trimmed(line.substr(8, line.size() - 9));
          if (name.empty()) return wrong_line(number, "expected [module NAME]");
          policy.modules.push_back({std::string(name), policy.each, std::nullopt});
          module = &policy.modules.back();
          return std::nullopt;
        }
        const size_t equals = line.find('=');
        if (equals == std::string_view::npos) return wrong_line(number, "expected key = value");
        const std::string_view key = trimmed(line.substr(0, equals));
        const std::string_view value = trimmed(line.substr(equals + 1));
        Limits& each = module != nullptr ? module->each : policy.each;
        if (key == "growth-per-hour") return set_bytes(each.growth_per_hour, number, key, value);
        if (key == "bytes-per-work") return set_bytes(each.bytes_per_work, number, key, value);
        if (module != nullptr) {
          if (key == "total-growth-per-hour") {
            return set_bytes(module->total_growth_per_hour, number, key, value);
          }
          return wrong_line(number,
                            in_quotes(key) + " is not a key of a module; known there are " +
                                "growth-per-hour, total-growth-per-hour and bytes-per-work");
        }
        return set_general(policy, number, key, value);
      });
  if (error) return *error;
  return policy;
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
  std::unordered_map<uint32_t, const StackLine*> stacks;
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
           "suppressed: " + suppression.reason +
               (suppression.until.empty() ? "" : " (until " + suppression.until + ")"));
    }
    if (excused) continue;
    if (const std::optional<double> known = known_pace(finding, baseline)) {
      finding.baseline_bytes_per_hour = *known;
      finding.change = pace > kWorse * *known ? Change::kWorse : Change::kKnown;
      excused = finding.change == Change::kKnown;
    }
    if (excused) {
      rule(Outcome::kExcused, "baseline", "known from the baseline, and not worse");
      continue;
    }
    if (!baseline.empty() && finding.change == Change::kNotCompared) finding.change = Change::kNew;
    if (doubtful && !policy.growing_breaks && policy.whole == WholeRule::kInconclusive) {
      rule(Outcome::kInconclusive, "whole", finding.headline);
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
