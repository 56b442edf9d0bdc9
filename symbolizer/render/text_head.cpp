// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/render/text_head.h"

#include <algorithm>
#include <string>
#include <vector>

#include "symbolizer/base/quantity.h"
#include "symbolizer/render/escape.h"
#include "symbolizer/render/rss_words.h"
#include "symbolizer/render/words.h"

namespace silt::render {

using report::Finding;
using report::Report;
using report::Verdict;

namespace {

void put_processes(TextRows& rows, const Report& report) {
  for (size_t i = 0; i < report.processes.size(); ++i) {
    const report::ProcessLine& process = report.processes[i];
    const std::string last = format_bytes(static_cast<double>(process.last_live_bytes));
    std::string right;
    if (!process.judged) {
      right = last +
              ", not judged: " + format_counted(static_cast<double>(process.snapshots), "snapshot");
    } else {
      right = format_bytes(static_cast<double>(process.first_live_bytes)) + " → " + last + ", " +
              (process.leaks == 0 ? "no leak"
                                  : format_counted(static_cast<double>(process.leaks), "leak"));
    }
    rows.line(rows.two_sides(
        "  ", clean(process.program) + " (pid " + std::to_string(process.pid) + ")", right));
  }
}

void put_memory(TextRows& rows, const TextOptions& options, const Report& report) {
  // What is live at exit, after the work and when much has been freed, is no headline.
  const size_t count = judged_count(report);
  const report::SnapshotLine& first = report.snapshots.front();
  const report::SnapshotLine& last = report.snapshots[count - 1];
  std::vector<uint64_t> live;
  for (size_t i = 0; i < count; ++i) {
    const report::SnapshotLine& at = report.snapshots[i];
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
        std::find_if(report.snapshots.begin(), report.snapshots.end(),
                     [](const report::SnapshotLine& at) { return at.js_used_bytes > 0; });
    text = from_to("JS heap ", with_script->js_used_bytes, last.js_used_bytes) + "   " +
           from_to("native ", first.live_bytes + first.mapping_bytes,
                   last.live_bytes + last.mapping_bytes);
  } else if (last.object_bytes > 0) {
    text = from_to("Python objects ", first.object_bytes, last.object_bytes) + "   " +
           from_to("native ", first.live_bytes + first.mapping_bytes,
                   last.live_bytes + last.mapping_bytes);
  } else {
    text = from_to("live ", live.front(), live.back());
  }
  if (last.rss_bytes != 0) text += "   " + from_to("RSS ", first.rss_bytes, last.rss_bytes);
  if (live.size() > 1) text += "   " + sparkline(live, 24);
  if (columns(text) <= options.width) {
    rows.line(text);
  } else {
    rows.wrapped(text, "", "  ");
  }
  const std::string sum = rss_text(last);
  if (!sum.empty()) rows.wrapped(sum, "", "  ");
  const std::string change = count > 1 ? rss_change_text(first, last) : "";
  if (!change.empty()) rows.wrapped("since the first snapshot: " + change, "  ", "  ");
}

// " (pid 7)", or of several " (3 processes)", " and others (3 processes)".
std::string whose(const Report& report) {
  if (report.processes.empty()) return " (pid " + std::to_string(report.pid) + ")";
  const bool alike = std::all_of(
      report.processes.begin(), report.processes.end(),
      [&report](const report::ProcessLine& process) { return process.program == report.program; });
  return std::string(alike ? "" : " and others") + " (" + std::to_string(report.processes.size()) +
         " processes)";
}

}  // namespace

void put_head(TextRows& rows, const TextOptions& options, const Report& report) {
  const std::string who = clean(report.program.empty() ? "?" : report.program) + whose(report);
  const std::string name = shortened(who, options.width / 2);
  const std::string scope = ": " + scope_text(report);
  if (columns(name) + columns(scope) <= options.width) {
    rows.line(rows.painted(kBold, name) + scope);
  } else {
    rows.wrapped(name + scope, "", "  ", kBold);
  }
  if (!report.processes.empty()) {
    put_processes(rows, report);
  } else if (!report.snapshots.empty()) {
    put_memory(rows, options, report);
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
