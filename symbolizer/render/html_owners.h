// SPDX-License-Identifier: Apache-2.0
//
// Who keeps what, for the HTML report: each owner as the steps from a root on, of which the page
// makes a tree that one can open.

#ifndef SILT_SYMBOLIZER_RENDER_HTML_OWNERS_H_
#define SILT_SYMBOLIZER_RENDER_HTML_OWNERS_H_

#include <nlohmann/json.hpp>
#include <vector>

#include "symbolizer/report/report.h"

namespace silt::render {

nlohmann::ordered_json owners_for_page(const std::vector<report::OwnerLine>& owners);

// `heap_growth` of the page's data.
void add_heap_growth(const report::Report& report, nlohmann::ordered_json& json);

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_HTML_OWNERS_H_
