// SPDX-License-Identifier: Apache-2.0
//
// How a policy is written: TOML. `[module.NAME]` is a part that holds for findings whose site is in
// a module whose name contains NAME; the first part that fits holds.
//
//   verdicts = "leak"               which verdicts break the gate at all; or ["leak", "growing"]
//   confidence = 0.5                findings less sure than this are inconclusive
//   growth-per-hour = 0             each such finding may grow this much an hour
//   total-growth-per-hour = "none"  all of them together
//   bytes-per-work = "none"         each, for a unit of work
//   snapshots = 4                   fewer regular snapshots are inconclusive
//   detectable = "none"             so is a run that would miss leaks of this pace
//   inconclusive = "pass"           or "fail": exit status 4
//   whole = "inconclusive"          a whole that grows, but may not leak: "pass", "inconclusive"
//                                   (exit status 4 in any case) or "fail"
//   unjudged = "fail"               or "pass": recorded processes of which nothing can be said
//
// Before it was TOML, words and sizes stood without quotes and a part was `[module NAME]`: such
// files are read as well.

#ifndef SILT_SYMBOLIZER_REPORT_GATE_POLICY_FILE_H_
#define SILT_SYMBOLIZER_REPORT_GATE_POLICY_FILE_H_

#include <string_view>

#include "symbolizer/base/result.h"
#include "symbolizer/report/gate/policy.h"

namespace silt::report {

// Text of a whole file; an error says which line is wrong and what would be right. Policy::old_form
// is set where the file is not TOML.
Result<Policy> parse_policy(std::string_view text);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_GATE_POLICY_FILE_H_
