// SPDX-License-Identifier: Apache-2.0
//
// The formats in which a report of heap snapshots is written. Names come from the heap: escaped.

#ifndef SILT_SYMBOLIZER_RENDER_HEAP_H_
#define SILT_SYMBOLIZER_RENDER_HEAP_H_

#include <string>

#include "symbolizer/heap/heap_report.h"
#include "symbolizer/render/render.h"

namespace silt::render {

std::string render_heap_text(const heap::HeapReport& report, const TextOptions& options);
std::string render_heap_json(const heap::HeapReport& report);  // "silt.heap/1"

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_HEAP_H_
