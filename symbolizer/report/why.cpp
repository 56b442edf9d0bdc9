// SPDX-License-Identifier: Apache-2.0
//
// From why to what: the only place where a finding gets its verdict; see the header.

#include "symbolizer/report/why.h"

#include "symbolizer/report/report.h"

namespace silt::report {

analyze::Decision decide(const analyze::Reason& curve, double confidence,
                         const std::vector<Remark>& remarks) {
  analyze::Decision decision{analyze::verdict_of(curve.because), confidence};
  for (const Remark& remark : remarks) {
    decision = analyze::with_ground(decision, remark.ground, remark.confidence);
  }
  return decision;
}

void decide(Finding& finding, Why why, double confidence) {
  const analyze::Decision decision = decide(why.curve, confidence, why.remarks);
  finding.verdict = decision.verdict;
  finding.confidence = decision.confidence;
  finding.why = std::move(why);
}

}  // namespace silt::report
