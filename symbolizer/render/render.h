// SPDX-License-Identifier: Apache-2.0
//
// One function an output format, each from the neutral report to the bytes of the file. Names and
// paths in a report come from other people's binaries: every format escapes them for itself.

#ifndef SILT_SYMBOLIZER_RENDER_RENDER_H_
#define SILT_SYMBOLIZER_RENDER_RENDER_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "symbolizer/report/report.h"

namespace silt::render {

struct TextOptions {
  bool colour = false;
  bool full = false;  // every frame of every stack
  size_t width = 80;  // columns
  size_t stacks = 5;  // of the growing stacks that are in no finding
};
std::string render_text(const report::Report& report, const TextOptions& options);

std::string render_json(const report::Report& report);      // "silt.report/1"
std::string render_markdown(const report::Report& report);  // a CI job's summary
std::string render_folded(const report::Report& report);
std::string render_speedscope(const report::Report& report);
std::string render_pprof(const report::Report& report);    // gzipped protobuf: binary
std::string render_junit(const report::Report& report);    // with files and lines, for GitLab
std::string render_jenkins(const report::Report& report);  // the same as Jenkins' schema has it
std::string render_heapprofile(const report::Report& report);
// Why there would be nothing in it; "" when there is.
std::string heapprofile_unavailable(const report::Report& report);
std::string render_github(const report::Report& report);  // workflow commands
std::string render_sarif(const report::Report& report);   // 2.1.0

// One page that needs nothing else, or "" in a build without it: html_unavailable says why.
std::string render_html(const report::Report& report);
std::string html_unavailable();  // "" when it is there

// JSON as the content of a <script>: no character in it means anything to HTML.
std::string json_in_html(std::string_view json);

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_RENDER_H_
