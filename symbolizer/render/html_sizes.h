// SPDX-License-Identifier: Apache-2.0
//
// How large the blocks in use are. A recording knows of each stack how many blocks it has in use
// and their bytes together, so a stack's blocks are counted at their mean size; most places
// allocate one size only.

#ifndef SILT_SYMBOLIZER_RENDER_HTML_SIZES_H_
#define SILT_SYMBOLIZER_RENDER_HTML_SIZES_H_

#include <nlohmann/json.hpp>

#include "symbolizer/report/report.h"

namespace silt::render {

// Sets "sizes": for each power of two from the smallest to the largest mean size, ascending,
// {"from": bytes, "bytes", "blocks", "growth_bytes"}; of the last snapshot that is judged, growth
// since the first.
void add_sizes(const report::Report& report, nlohmann::ordered_json& json);

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_HTML_SIZES_H_
