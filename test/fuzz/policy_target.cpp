// SPDX-License-Identifier: Apache-2.0
//
// Any text as a policy, and what it then rules about findings that are known to be a leak and to be
// growth. A rule's number is always one that can be compared.

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "symbolizer/report/gate/policy_file.h"

namespace {

using namespace silt;

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_size(const std::optional<double>& bytes) {
  return !bytes || (std::isfinite(*bytes) && *bytes >= 0);
}

report::Report one_leak_and_one_growth() {
  report::Report report;
  report.judged_snapshots = 10;
  report.judged_seconds = 100;
  report.detectable_bytes_per_hour = 1000;
  for (const report::Verdict verdict : {report::Verdict::kLeak, report::Verdict::kGrowing}) {
    report::Finding finding;
    finding.verdict = verdict;
    finding.confidence = 0.9;
    finding.bytes_per_hour = 1e6;
    finding.bytes_per_work = 10;
    finding.site.function = "keep";
    finding.site.module = "/usr/lib/libkeep.so";
    report.findings.push_back(finding);
  }
  return report;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto policy = report::parse_policy(text);
  if (!policy) {
    require(policy.error().message.starts_with("line "));
    return 0;
  }
  require(policy->confidence >= 0 && policy->confidence <= 1);
  require(policy->snapshots >= 2);
  require(is_size(policy->each.growth_per_hour) && is_size(policy->each.bytes_per_work));
  require(is_size(policy->total_growth_per_hour) && is_size(policy->detectable));
  for (const auto& module : policy->modules) {
    require(!module.name.empty() && is_size(module.each.growth_per_hour));
    require(is_size(module.each.bytes_per_work) && is_size(module.total_growth_per_hour));
  }
  report::Report report = one_leak_and_one_growth();
  report::apply_policy(report, *policy, {}, {}, "2026-01-01");
  require(report.gate.ran);
  for (const report::Ruling& ruling : report.gate.rulings) {
    require(!ruling.finding || *ruling.finding < report.findings.size());
  }
  return 0;
}
