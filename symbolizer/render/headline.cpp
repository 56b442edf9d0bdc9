// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/render/headline.h"

#include <algorithm>

#include "symbolizer/base/quantity.h"
#include "symbolizer/report/site.h"

namespace silt::render {
namespace {

using report::Finding;
using report::Verdict;
using symbolize::FrameKind;

constexpr const char* kBuffers = "Buffers";

// A pace in the unit that gives a handy figure.
std::string said_pace(double bytes_per_second) {
  if (bytes_per_second >= 50'000) return format_bytes(bytes_per_second) + "/s";
  if (bytes_per_second >= 50'000. / 60) return format_bytes(bytes_per_second * 60) + "/min";
  return format_bytes(bytes_per_second * 3600) + "/h";
}

std::string windows_grown(const Finding& finding) {
  if (finding.windows == 0) return "";
  if (finding.growing_windows == finding.windows) {
    return ", grew in each of " + std::to_string(finding.windows) + " windows";
  }
  return ", grew in " + std::to_string(finding.growing_windows) + " of " +
         std::to_string(finding.windows) + " windows";
}

double last_of(const std::vector<uint64_t>& values) {
  return values.empty() ? 0 : static_cast<double>(values.back());
}

std::string headline_of_whole(const Finding& finding) {
  const double first =
      finding.live_bytes.empty() ? 0 : static_cast<double>(finding.live_bytes.front());
  return std::string("the ") + whole_name(finding.whole) + " as a whole " +
         (finding.verdict == Verdict::kLeak ? "leaks" : "grows") + ": " + format_bytes(first) +
         " to " + format_bytes(last_of(finding.live_bytes));
}

std::string thing_of(const Finding& finding) {
  return finding.heap == read::Heap::kManaged ? "JS objects" : native_thing(finding.what);
}

std::string headline_of_node(const Finding& finding) {
  const bool script = finding.heap == read::Heap::kManaged;
  const bool leak = finding.verdict == Verdict::kLeak;
  const std::string place = said_place(finding.site);
  if (finding.verdict == Verdict::kBounded || finding.verdict == Verdict::kSawtooth) {
    const auto& bytes = finding.live_bytes;
    const uint64_t peak = bytes.empty() ? 0 : *std::max_element(bytes.begin(), bytes.end());
    return "not a leak: " + thing_of(finding) + " of " + place +
           (finding.verdict == Verdict::kBounded ? ": full at " : ": released in bulk from ") +
           format_bytes(static_cast<double>(peak));
  }
  const double bytes_per_second = finding.bytes_per_hour.value_or(0) / 3600;
  const std::string pace = bytes_per_second > 0 ? said_pace(bytes_per_second) : "";
  const std::string paced = (pace.empty() ? "" : ": " + pace) + windows_grown(finding);
  if (script) {
    return std::string(leak ? "JS heap leak: " : "JS heap grows: ") + place + " keeps " +
           (pace.empty() ? "more and more" : pace) + windows_grown(finding);
  }
  const bool by_script = finding.site.kind == FrameKind::kJavaScript;
  return (finding.what == kBuffers ? "Buffers kept by " + place
                                   : std::string(leak ? "native leak" : "native memory grows") +
                                         (by_script ? " below " : " in ") + place +
                                         (finding.what.empty() ? "" : " [" + finding.what + "]")) +
         paced + (finding.beside_flat_heap ? ", while your JS heap is flat" : "");
}

}  // namespace

std::string headline_text(const Finding& finding) {
  if (!finding.whole.empty()) return headline_of_whole(finding);
  if (finding.verdict == Verdict::kRetained) {
    const analyze::Reason& curve = finding.why.curve;
    return "not a leak: the allocator holds " + format_bytes(curve.to - curve.from) +
           " of freed memory";
  }
  return finding.runtime == "nodejs" ? headline_of_node(finding) : "";
}

std::string ruling_text(const report::Report& report, const report::Ruling& ruling) {
  const bool own = !ruling.why.empty() || !ruling.finding;
  return own ? ruling.why : headline_text(report.findings.at(*ruling.finding));
}

std::string before_site(const Finding& finding) {
  if (finding.runtime == "python") {
    if (finding.heap == read::Heap::kObjects) return "objects made by ";
    return finding.site.kind == FrameKind::kPython ? "native memory below " : "";
  }
  if (finding.runtime != "nodejs") return "";
  const bool kept = finding.heap == read::Heap::kManaged || finding.what == kBuffers;
  const bool by_script = finding.site.kind == FrameKind::kJavaScript;
  return thing_of(finding) + (kept ? " kept by " : by_script ? " below " : " of ");
}

const char* whole_name(const std::string& whole) {
  if (whole == "python") return "memory of Python objects";
  if (whole == "mapping") return "memory of mappings";
  if (whole == "js") return "JavaScript heap";
  if (whole == "wasm") return "WebAssembly memory";
  if (whole == "rss") return "resident memory";
  return "native memory";
}

std::string said_place(const symbolize::Frame& site) {
  std::string name = report::plain_name(site.function);
  if (name.empty()) name = site.function.empty() ? "?" : site.function;
  const std::string place = report::place_of(site);
  const std::string base = place.substr(place.rfind('/') + 1);
  return "`" + name + "`" + (base.empty() ? "" : " (" + base + ")");
}

std::string native_thing(const std::string& what) {
  if (what == kBuffers) return what;
  return what.empty() ? "native memory" : "native memory (" + what + ")";
}

}  // namespace silt::render
