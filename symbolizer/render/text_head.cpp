// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/render/text_head.h"

#include <algorithm>
#include <string>
#include <vector>

#include "symbolizer/base/quantity.h"
#include "symbolizer/render/escape.h"
#include "symbolizer/render/process_words.h"
#include "symbolizer/render/rss_words.h"
#include "symbolizer/render/words.h"

namespace silt::render {

using report::Finding;
using report::Report;
using report::Verdict;

namespace {

void put_memory(TextRows& rows, const TextOptions& options,
                const std::vector<report::SnapshotLine>& snapshots, size_t count,
                const std::string& indent) {
  // What is live at exit, after the work and when much has been freed, is no headline.
  const report::SnapshotLine& first = snapshots.front();
  const report::SnapshotLine& last = snapshots[count - 1];
  std::vector<uint64_t> live;
  for (size_t i = 0; i < count; ++i) {
    const report::SnapshotLine& at = snapshots[i];
    live.push_back(at.live_bytes + at.mapping_bytes + at.js_used_bytes + at.object_bytes);
  }
  const auto from_to = [&](const char* what, uint64_t from, uint64_t to) {
    return std::string(what) +
           (count > 1 ? format_bytes(static_cast<double>(from)) + " → " : std::string()) +
           format_bytes(static_cast<double>(to));
  };
  std::string text;
  if (last.js_used_bytes > 0) {
    const auto with_script =
        std::find_if(snapshots.begin(), snapshots.end(),
                     [](const report::SnapshotLine& at) { return at.js_used_bytes > 0; });
    text += from_to("JS heap ", with_script->js_used_bytes, last.js_used_bytes) + "   " +
            from_to("native ", first.live_bytes + first.mapping_bytes,
                    last.live_bytes + last.mapping_bytes);
  } else if (last.census_bytes > 0) {
    const auto looked =
        std::find_if(snapshots.begin(), snapshots.end(),
                     [](const report::SnapshotLine& at) { return at.census_bytes > 0; });
    text += from_to("Java heap ", looked->census_bytes, last.census_bytes) + "   " +
            from_to("native ", first.live_bytes + first.mapping_bytes,
                    last.live_bytes + last.mapping_bytes);
  } else if (last.object_bytes > 0) {
    text += from_to("Python objects ", first.object_bytes, last.object_bytes) + "   " +
            from_to("native ", first.live_bytes + first.mapping_bytes,
                    last.live_bytes + last.mapping_bytes);
  } else {
    text += from_to("live ", live.front(), live.back());
  }
  if (last.rss_bytes != 0) text += "   " + from_to("RSS ", first.rss_bytes, last.rss_bytes);
  if (live.size() > 1) text += "   " + sparkline(live, 24);
  if (columns(indent) + columns(text) <= options.width) {
    rows.line(indent + text);
  } else {
    rows.wrapped(text, indent, indent + "  ");
  }
  const std::string sum = rss_text(last);
  if (!sum.empty()) rows.wrapped(sum, indent, indent + "  ");
  const std::string change = count > 1 ? rss_change_text(first, last) : "";
  if (!change.empty()) {
    rows.wrapped("since the first snapshot: " + change, indent + "  ", indent + "  ");
  }
}

// Of a few processes all is told; of many, those that grow, the fastest first.
constexpr size_t kFew = 4;
constexpr size_t kMost = 12;

void put_processes(TextRows& rows, const TextOptions& options, const Report& report) {
  const std::vector<size_t> order = fastest_first(report);
  size_t shown = 0;
  for (const size_t at : order) {
    const report::ProcessLine& process = report.processes[at];
    if (!options.full && shown == kMost) break;
    ++shown;
    rows.line(rows.two_sides("  ", clean(process_name(process)), process_outcome(process)));
    if (options.full || order.size() <= kFew) {
      put_memory(rows, options, process.snapshots,
                 process.judged ? std::min(process.judged_snapshots, process.snapshots.size())
                                : process.snapshots.size(),
                 "    ");
    }
  }
  if (shown == order.size()) return;
  size_t grow = 0;
  for (size_t i = shown; i < order.size(); ++i) {
    const report::ProcessLine& process = report.processes[order[i]];
    grow += process.leaks + process.growing > 0 ? 1 : 0;
  }
  rows.wrapped("and " + std::to_string(order.size() - shown) + " more, " +
                   (grow == 0 ? std::string("none of which grows")
                              : "of which " + std::to_string(grow) + " grow") +
                   " (--full shows all)",
               "  ", "  ", kDim);
}

}  // namespace

void put_head(TextRows& rows, const TextOptions& options, const Report& report) {
  const std::string who = clean(title_text(report));
  const std::string name = shortened(who, options.width / 2);
  const std::string scope = ": " + scope_text(report);
  if (columns(name) + columns(scope) <= options.width) {
    rows.line(rows.painted(kBold, name) + scope);
  } else {
    rows.wrapped(name + scope, "", "  ", kBold);
  }
  if (!report.labels.empty()) rows.wrapped(labels_text(report.labels), "", "  ", kDim);
  if (!report.processes.empty()) {
    put_processes(rows, options, report);
  } else if (!report.snapshots.empty()) {
    put_memory(rows, options, report.snapshots, judged_count(report), "");
  }
  const std::string summary = summary_text(report);
  const bool leaks = std::any_of(report.findings.begin(), report.findings.end(),
                                 [](const Finding& f) { return f.verdict == Verdict::kLeak; });
  if (leaks) {
    rows.wrapped(summary, "", "  ", kRed);
  } else {
    rows.wrapped(none_found_text(report) + (summary.empty() ? "" : "; " + summary), "", "");
  }
}

}  // namespace silt::render
