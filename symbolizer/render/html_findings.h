// SPDX-License-Identifier: Apache-2.0
//
// What the page shows of each finding: its words, its figures, and the frames of its weightiest
// stacks with the source around them.

#ifndef SILT_SYMBOLIZER_RENDER_HTML_FINDINGS_H_
#define SILT_SYMBOLIZER_RENDER_HTML_FINDINGS_H_

#include <nlohmann/json.hpp>

#include "symbolizer/report/report.h"

namespace silt::render {

// Sets "findings", and "frames" and "sources", of which findings have indexes.
void add_findings(const report::Report& report, nlohmann::ordered_json& json);

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_HTML_FINDINGS_H_
