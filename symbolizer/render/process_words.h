// SPDX-License-Identifier: Apache-2.0
//
// Words about processes that are reported together: what they are called, in which order they are
// told, and what became of each. All results may hold foreign text: callers escape.

#ifndef SILT_SYMBOLIZER_RENDER_PROCESS_WORDS_H_
#define SILT_SYMBOLIZER_RENDER_PROCESS_WORDS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "symbolizer/report/report.h"

namespace silt::render {

// "shop (pid 7)", of several "shop, worker and 2 more (5 processes)".
std::string title_text(const report::Report& report);
// "shop, worker and 2 more": the programs.
std::string programs_text(const report::Report& report);

// "shop (pid 7)", with more where that does not tell it from the others.
std::string process_name(const report::ProcessLine& process);

// "leak", "growing", "no growth", "not judged".
std::string process_verdict(const report::ProcessLine& process);

// "12 MB → 48 MB, 2 leaks, +3.1 MB/h", "12 MB, not judged: 2 snapshots".
std::string process_outcome(const report::ProcessLine& process);

// "version 1.2, pod shop-7d9f, host n3"; a container's id is cut as engines do.
std::string labels_text(const std::vector<read::Label>& labels);

// Indexes into Report::processes: those that leak, then those that grow, then the others; by pace.
std::vector<size_t> fastest_first(const report::Report& report);

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_PROCESS_WORDS_H_
