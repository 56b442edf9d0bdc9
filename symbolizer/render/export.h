// SPDX-License-Identifier: Apache-2.0
//
// Figures of many recordings for the engines that fleets have: metrics as OpenMetrics text, and
// tables as one JSON object a line. docs/fleet.md describes both; names are only ever added.

#ifndef SILT_SYMBOLIZER_RENDER_EXPORT_H_
#define SILT_SYMBOLIZER_RENDER_EXPORT_H_

#include <string>
#include <vector>

#include "symbolizer/render/export_labels.h"

namespace silt::render {

// The state at each recording's newest snapshot. Of each at most kMostExported findings, the
// gravest first, so that the number of series is bounded.
inline constexpr size_t kMostExported = 50;
std::string render_openmetrics(const std::vector<Exported>& all);

// For each recording and snapshot a row of the process, one of each finding, and one of each other
// site that the report shows.
std::string render_ndjson(const std::vector<Exported>& all);

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_EXPORT_H_
