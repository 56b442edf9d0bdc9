// SPDX-License-Identifier: Apache-2.0
//
// A stack in the report for a terminal: its frames around the site, and what it holds in one line.

#ifndef SILT_SYMBOLIZER_RENDER_TEXT_STACK_H_
#define SILT_SYMBOLIZER_RENDER_TEXT_STACK_H_

#include <string>

#include "symbolizer/render/text_rows.h"
#include "symbolizer/report/report.h"

namespace silt::render {

// "+1.2 MB in 12 blocks"; of a single snapshot what is in use.
std::string stack_figures(const report::Report& report, const report::StackLine& stack);

// Without --full: from the site outwards, and what lies below it in one line.
void put_frames(TextRows& rows, const TextOptions& options, const symbolize::FrameList& all,
                const symbolize::Frame& site, read::Missing missing);

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_TEXT_STACK_H_
