// SPDX-License-Identifier: Apache-2.0
//
// Which types of objects a finding's are, in one line.

#ifndef SILT_SYMBOLIZER_RENDER_TYPE_WORDS_H_
#define SILT_SYMBOLIZER_RENDER_TYPE_WORDS_H_

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "symbolizer/report/report.h"

namespace silt::render {

// "12,000 dict (58 %), 12,000 app.Session (40 %)", at most so many; "" where none is known.
std::string types_text(const std::vector<report::TypeLine>& types, size_t most);

nlohmann::ordered_json types_json(const std::vector<report::TypeLine>& types);

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_TYPE_WORDS_H_
