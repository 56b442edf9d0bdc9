// SPDX-License-Identifier: Apache-2.0
//
// The list; see the header.

#include "symbolizer/render/formats.h"

#include <algorithm>

namespace silt::render {
namespace {

template <std::string (*kRender)(const report::Report&)>
std::string without_options(const report::Report& report, const TextOptions&) {
  return kRender(report);
}

const Format kFormats[] = {
    {"text", render_text, {".txt"}, false, ""},
    {"folded", without_options<render_folded>, {".folded"}, true, ""},
    {"github", without_options<render_github>, {}, false, ""},
    {"heapprofile",
     without_options<render_heapprofile>,
     {".heapprofile"},
     true,
     "",
     nullptr,
     heapprofile_unavailable},
    {"html",
     without_options<render_html>,
     {".html", ".htm"},
     true,
     "one page to look at",
     html_unavailable},
    {"jenkins",
     without_options<render_jenkins>,
     {".jenkins.xml"},
     false,
     "the same for Jenkins' xUnit plugin, whose schema knows no files"},
    {"json", without_options<render_json>, {".json"}, false, "the report for programs"},
    {"junit",
     without_options<render_junit>,
     {".xml"},
     false,
     "test results for GitHub, GitLab and Jenkins"},
    {"markdown",
     without_options<render_markdown>,
     {".md"},
     false,
     "a job's summary; in GitHub Actions it is added there in any case"},
    {"pprof", without_options<render_pprof>, {".pb.gz", ".pprof"}, true, "for 'go tool pprof'"},
    {"sarif", without_options<render_sarif>, {".sarif", ".sarif.json"}, false, "for code scanning"},
    {"speedscope", without_options<render_speedscope>, {".speedscope.json"}, true, ""},
};

}  // namespace

std::span<const Format> formats() { return kFormats; }

const Format* find_format(std::string_view name) {
  const auto at = std::find_if(std::begin(kFormats), std::end(kFormats),
                               [name](const Format& format) { return format.name == name; });
  return at == std::end(kFormats) ? nullptr : at;
}

const Format& format_of_file(std::string_view path) {
  const Format* best = kFormats;
  size_t longest = 0;
  for (const Format& format : kFormats) {
    for (const std::string_view ending : format.endings) {
      if (ending.size() <= longest || path.size() <= ending.size()) continue;
      if (!path.ends_with(ending)) continue;
      best = &format;
      longest = ending.size();
    }
  }
  return *best;
}

}  // namespace silt::render
