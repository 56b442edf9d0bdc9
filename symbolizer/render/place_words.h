// SPDX-License-Identifier: Apache-2.0
//
// Places as they stand inside a sentence.

#ifndef SILT_SYMBOLIZER_RENDER_PLACE_WORDS_H_
#define SILT_SYMBOLIZER_RENDER_PLACE_WORDS_H_

#include <string>
#include <vector>

#include "symbolizer/report/report.h"

namespace silt::render {

// "`getProfile` (app.js:31)"
std::string said_place(const symbolize::Frame& site);
// "`add` (graph.cpp:31) 62 %, …"
std::string said_leads(const std::vector<report::NamedShare>& leads);

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_PLACE_WORDS_H_
