// SPDX-License-Identifier: Apache-2.0
//
// A policy to begin with: every key with its meaning and its default, as comments.

#ifndef SILT_SYMBOLIZER_REPORT_GATE_POLICY_TEMPLATE_H_
#define SILT_SYMBOLIZER_REPORT_GATE_POLICY_TEMPLATE_H_

#include <string_view>

namespace silt::report {

// TOML that parse_policy reads, with comments or without the first "# " of the lines that set a
// key: the default policy either way, but for the module that stands as an example.
std::string_view policy_template();

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_GATE_POLICY_TEMPLATE_H_
