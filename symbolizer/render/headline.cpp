// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/render/headline.h"

#include "symbolizer/base/quantity.h"
#include "symbolizer/report/runtime.h"

namespace silt::render {
namespace {

using report::Finding;
using report::Verdict;

double last_of(const std::vector<uint64_t>& values) {
  return values.empty() ? 0 : static_cast<double>(values.back());
}

std::string headline_of_whole(const Finding& finding) {
  const double first =
      finding.live_bytes.empty() ? 0 : static_cast<double>(finding.live_bytes.front());
  return std::string("the ") + whole_name(finding.whole) + " as a whole " +
         (finding.verdict == Verdict::kLeak ? "leaks" : "grows") + ": from " + format_bytes(first) +
         " to " + format_bytes(last_of(finding.live_bytes));
}

}  // namespace

std::string headline_text(const Finding& finding) {
  if (!finding.whole.empty() && finding.runtime.empty()) return headline_of_whole(finding);
  if (finding.verdict == Verdict::kRetained) {
    const analyze::Reason& curve = finding.why.curve;
    return "not a leak: the allocator holds " + format_bytes(curve.to - curve.from) +
           " of freed memory";
  }
  const report::Runtime* runtime = report::find_runtime(finding.runtime);
  return runtime != nullptr && runtime->headline != nullptr ? runtime->headline(finding) : "";
}

std::string ruling_text(const report::Report& report, const report::Ruling& ruling) {
  const bool own = !ruling.why.empty() || !ruling.finding;
  return own ? ruling.why : headline_text(report.findings.at(*ruling.finding));
}

std::string before_site(const Finding& finding) {
  const report::Runtime* runtime = report::find_runtime(finding.runtime);
  return runtime != nullptr && runtime->before_site != nullptr ? runtime->before_site(finding) : "";
}

const char* whole_name(const std::string& whole) {
  if (whole == "python") return "memory of Python objects";
  if (whole == "mapping") return "memory of mappings";
  if (whole == "js") return "JavaScript heap";
  if (whole == "wasm") return "WebAssembly memory";
  if (whole == "java") return "Java heap";
  if (whole == "rss") return "resident memory";
  return "native memory";
}

}  // namespace silt::render
