// SPDX-License-Identifier: Apache-2.0
//
// Phrases that several formats for people share, so that a finding reads the same everywhere.

#ifndef SILT_SYMBOLIZER_RENDER_WORDS_H_
#define SILT_SYMBOLIZER_RENDER_WORDS_H_

#include <string>
#include <vector>

#include "symbolizer/report/report.h"

namespace silt::render {

std::string heap_word(read::Heap heap);            // "native", "mapping", "js", …
std::string kind_word(symbolize::FrameKind kind);  // "native", "jit", or as a runtime says
std::string change_word(report::Change change);    // "" when not compared

// The function, or what is known instead: "libfoo.so+0x1234", "?".
std::string function_text(const symbolize::Frame& frame);
// The site's function, or of a finding of the whole what grows: "JavaScript heap as a whole".
std::string finding_name(const report::Finding& finding);
// The same without template arguments and parameters.
std::string short_finding_name(const report::Finding& finding);
// Likewise, for people to read: without unnamed namespaces.
std::string said_finding_name(const report::Finding& finding);
// A function as people say it: the plain name without unnamed namespaces.
std::string said_name(const std::string& function);
// "src/session.cpp:31", "libfoo.so+0x1234" or "".
std::string place_text(const symbolize::Frame& frame);

// How many snapshots verdicts look at: the first ones, without the one at exit.
size_t judged_count(const report::Report& report);
// "+1.2 MB/h, +300 kB so far in 12 blocks"
std::string pace_text(const report::Finding& finding);
// "reaches the limit of 512 MB in 3 days", or "".
std::string limit_text(const report::Report& report, const report::Finding& finding);
// "2 leaks, 1 growing, 1 bounded"; "" without findings.
std::string summary_text(const report::Report& report);
// The conclusion of a report without leaks: "no leak found; detection limit: 5 blocks/h …".
std::string none_found_text(const report::Report& report);
// "8 snapshots over 58 s, exact"
std::string scope_text(const report::Report& report);
std::string missing_text(read::Missing missing);  // "" when nothing is missing

// Without unnamed namespaces, which take half a row and tell nothing.
std::string without_unnamed(std::string text);

// Live bytes over time in block characters, at most `width` of them.
std::string sparkline(const std::vector<uint64_t>& values, size_t width);

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_WORDS_H_
