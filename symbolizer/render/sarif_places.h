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

// Where a frame's source lies: from the top of the repository on, where that is known; else as the
// debug information has it, without what climbs out of the folder of the compiler.
std::string repository_path(const report::Report& report, const symbolize::Frame& frame);
std::string percent_encoded(const std::string& path);

// A location with what is known of it: the file in the repository, the line, the function.
nlohmann::ordered_json location_of(const report::Report& report, const symbolize::Frame& frame,
                                   const std::string& name);
// The finding's largest stacks, a few, innermost frame first.
nlohmann::ordered_json stacks_of(const report::Report& report, const report::Finding& finding);

std::vector<nlohmann::ordered_json> owner_locations(const report::Report& report,
                                                    const report::Finding& finding);

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_SARIF_PLACES_H_
