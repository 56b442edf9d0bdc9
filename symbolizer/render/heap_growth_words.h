// SPDX-License-Identifier: Apache-2.0
//
// What came in a managed heap between two looks at it, in words that several formats share.

#ifndef SILT_SYMBOLIZER_RENDER_HEAP_GROWTH_WORDS_H_
#define SILT_SYMBOLIZER_RENDER_HEAP_GROWTH_WORDS_H_

#include <string>

#include "symbolizer/report/report.h"

namespace silt::render {

// "JavaScript heap, snapshots 0 to 9: +48 MB in 812,000 objects".
std::string heap_growth_text(const report::Report& report, const report::HeapGrowthLine& line);

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_HEAP_GROWTH_WORDS_H_
