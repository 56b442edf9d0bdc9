// SPDX-License-Identifier: Apache-2.0
//
// The head of the report for a terminal: which program, how long, how its memory went, and the
// conclusion in one line.

#ifndef SILT_SYMBOLIZER_RENDER_TEXT_HEAD_H_
#define SILT_SYMBOLIZER_RENDER_TEXT_HEAD_H_

#include "symbolizer/render/text_rows.h"
#include "symbolizer/report/report.h"

namespace silt::render {

void put_head(TextRows& rows, const TextOptions& options, const report::Report& report);

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_TEXT_HEAD_H_
