// SPDX-License-Identifier: Apache-2.0
//
// What a curve shows, in words: one sentence for each code of analyze/decide.h.

#ifndef SILT_SYMBOLIZER_RENDER_CURVE_WORDS_H_
#define SILT_SYMBOLIZER_RENDER_CURVE_WORDS_H_

#include <string>

#include "symbolizer/report/report.h"

namespace silt::render {

// Without a subject where it is of a whole: "rose from 6 MB to 13 MB in 3 min, in each of 8
// windows".
std::string curve_text(const analyze::Reason& reason);

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_CURVE_WORDS_H_
