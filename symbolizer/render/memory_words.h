// SPDX-License-Identifier: Apache-2.0
//
// What a process has in use, heap by heap, in the words and figures that all formats share.

#ifndef SILT_SYMBOLIZER_RENDER_MEMORY_WORDS_H_
#define SILT_SYMBOLIZER_RENDER_MEMORY_WORDS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "symbolizer/report/report.h"

namespace silt::render {

// "native 12 MB → 320 MB (67 MB resident)", "mapped 8.6 GB", "RSS 112 MB → 116 MB", one text for
// each: from the first to the last of the first `count` snapshots, or of one alone. Native memory
// is called "live" where there is no other. Bytes are those that the program asked for; where much
// of them was never touched, or swapped out, what is resident stands beside them.
std::vector<std::string> memory_texts(const std::vector<report::SnapshotLine>& snapshots,
                                      size_t count);

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_MEMORY_WORDS_H_
