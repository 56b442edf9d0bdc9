// SPDX-License-Identifier: Apache-2.0
//
// The layers of the page's two charts over time: who holds the live bytes, and what RSS is made of.

#ifndef SILT_SYMBOLIZER_RENDER_HTML_CHART_H_
#define SILT_SYMBOLIZER_RENDER_HTML_CHART_H_

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "symbolizer/report/report.h"

namespace silt::render {

// Sets "chart" and "heaps": what is in use in every heap, native, mapped, JavaScript and Python,
// divided among findings ("chart") and what no finding has ("heaps").
void add_chart(const report::Report& report, nlohmann::ordered_json& json);

// Sets "rss", and "rss_sum" and "rss_change" where every snapshot tells the parts of RSS.
void add_rss(const report::Report& report, nlohmann::ordered_json& json);

// One value a snapshot, whatever the finding has.
std::vector<uint64_t> fitted(std::vector<uint64_t> values, size_t snapshots);

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_HTML_CHART_H_
