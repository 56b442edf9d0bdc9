// SPDX-License-Identifier: Apache-2.0
//
// The line of a frame that people are sent to: of the call or the allocation where it is known,
// which a runtime's functions tell apart from the line on which they begin.

#ifndef SILT_SYMBOLIZER_RENDER_SHOWN_LINE_H_
#define SILT_SYMBOLIZER_RENDER_SHOWN_LINE_H_

#include <cstdint>

#include "symbolizer/report/site.h"

namespace silt::render {

// 0: no line is known.
inline uint32_t shown_line(const symbolize::Frame& frame) {
  return frame.call_line != 0 ? frame.call_line : frame.line;
}
inline uint32_t shown_column(const symbolize::Frame& frame) {
  return frame.call_line != 0 ? frame.call_column : frame.column;
}

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_SHOWN_LINE_H_
