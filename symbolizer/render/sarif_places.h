// SPDX-License-Identifier: Apache-2.0
//
// Places as SARIF, and the annotations of GitHub, have them: paths relative to the checkout, and
// who keeps what a finding tells of as related locations.

#ifndef SILT_SYMBOLIZER_RENDER_SARIF_PLACES_H_
#define SILT_SYMBOLIZER_RENDER_SARIF_PLACES_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "symbolizer/report/report.h"

namespace silt::render {

// Paths are relative to the checkout where they lie inside it.
std::string relative_path(std::string file);
std::string percent_encoded(const std::string& path);

std::vector<nlohmann::ordered_json> owner_locations(const report::Finding& finding);

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_SARIF_PLACES_H_
