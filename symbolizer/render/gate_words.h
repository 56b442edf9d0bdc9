// SPDX-License-Identifier: Apache-2.0
//
// What formats for machines that guard a merge say of a finding, and whether it fails. A report
// without a gate's outcome treats leaks as failures; with one, what broke the policy.

#ifndef SILT_SYMBOLIZER_RENDER_GATE_WORDS_H_
#define SILT_SYMBOLIZER_RENDER_GATE_WORDS_H_

#include <cstddef>
#include <string>

#include "symbolizer/report/report.h"

namespace silt::render {

// All of these are clean of control characters.
std::string site_name(const report::Finding& finding);
std::string finding_headline(const report::Finding& finding);
std::string finding_details(const report::Report& report, const report::Finding& finding);

// `index`: into Report::findings.
bool finding_fails(const report::Report& report, size_t index);
// Why it is passed over; "" when it is not. Not clean.
std::string finding_excuse(const report::Report& report, size_t index);

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_GATE_WORDS_H_
