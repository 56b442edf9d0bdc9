// SPDX-License-Identifier: Apache-2.0
//
// Why a finding has its verdict, in one line of words: what its curve shows, then what became known
// besides. All formats say the same.

#ifndef SILT_SYMBOLIZER_RENDER_REASON_WORDS_H_
#define SILT_SYMBOLIZER_RENDER_REASON_WORDS_H_

#include <string>

#include "symbolizer/report/report.h"

namespace silt::render {

// Holds names from the program: callers escape.
std::string reason_text(const report::Why& why);

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_REASON_WORDS_H_
