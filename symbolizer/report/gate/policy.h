// SPDX-License-Identifier: Apache-2.0
//
// The rules of a gate: what may grow how fast. Beside them stand the findings that are excused
// (suppression.h) and those that are known from before (baseline.h). All three are files of plain
// text, fit for a repository and for review.
//
// How a policy is written: policy_file.h.

#ifndef SILT_SYMBOLIZER_REPORT_GATE_POLICY_H_
#define SILT_SYMBOLIZER_REPORT_GATE_POLICY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "symbolizer/report/gate/baseline.h"
#include "symbolizer/report/gate/suppression.h"
#include "symbolizer/report/report.h"

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
  bool old_form = false;  // as it was written: see policy_file.h
};

// The rule by which processes that could not be judged make a run inconclusive.
inline constexpr const char* kUnjudgedRule = "unjudged";
// One line that names it and says why.
std::string unjudged_text(const Unjudged& process);

// `today` is "YYYY-MM-DD". Fills Report::gate.
void apply_policy(Report& report, const Policy& policy,
                  const std::vector<Suppression>& suppressions, const std::vector<Place>& baseline,
                  const std::string& today);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_GATE_POLICY_H_
