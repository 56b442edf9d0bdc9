// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/render/text_head.h"

#include <algorithm>
#include <string>
#include <vector>

#include "symbolizer/render/escape.h"
#include "symbolizer/render/memory_words.h"
#include "symbolizer/render/process_words.h"
#include "symbolizer/render/rss_words.h"
#include "symbolizer/render/words.h"

namespace silt::render {

using report::Finding;
using report::Report;
using report::Verdict;

namespace {

// As many in a line as fit; each whole, as far as it can be.
void put_parts(TextRows& rows, const TextOptions& options, const std::vector<std::string>& parts,
               const std::string& indent) {
  std::string text;
  std::string before = indent;
  const auto put_line = [&](const std::string& line, const std::string& first) {
    if (columns(first + line) <= options.width)
      rows.line(first + line);
    else
      rows.wrapped(line, first, indent + "  ");
  };
  for (const std::string& part : parts) {
    if (!text.empty() && columns(before + text + "   " + part) > options.width) {
      put_line(text, before);
      before = indent + "  ";
      text.clear();
    }
    text += (text.empty() ? "" : "   ") + part;
  }
  put_line(text, before);
}

void put_memory(TextRows& rows, const TextOptions& options,
                const std::vector<report::SnapshotLine>& snapshots, size_t count,
                const std::string& indent, bool rss_parts) {
  // What is live at exit, after the work and when much has been freed, is no headline.
  const report::SnapshotLine& first = snapshots.front();
  const report::SnapshotLine& last = snapshots[count - 1];
  std::vector<uint64_t> live;
  for (size_t i = 0; i < count; ++i) live.push_back(report::live_bytes(snapshots[i]));
  std::vector<std::string> parts = memory_texts(snapshots, count);
  if (live.size() > 1) parts.push_back(sparkline(live, 24));
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : "   ") + part;
  if (columns(indent) + columns(text) <= options.width) {
    rows.line(indent + text);
  } else {
    put_parts(rows, options, parts, indent);
  }
  if (!rss_parts) return;
  const std::string sum = rss_text(last);
  if (!sum.empty()) rows.wrapped(sum, indent, indent + "  ");
  const std::string change = count > 1 ? rss_change_text(first, last) : "";
  if (!change.empty()) {
    rows.wrapped("since the first snapshot: " + change, indent + "  ", indent + "  ");
  }
}

// Of a few processes their heaps are told, of many, those that grow, the fastest first. What RSS
// consists of would move the findings of several off the first screen.
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
                 "    ", options.full);
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

void put_summary(TextRows& rows, const Report& report) {
  const std::string summary = summary_text(report);
  const bool leaks = std::any_of(report.findings.begin(), report.findings.end(),
                                 [](const Finding& f) { return f.verdict == Verdict::kLeak; });
  if (leaks) {
    rows.wrapped(summary, "", "  ", kRed);
  } else {
    rows.wrapped(none_found_text(report) + (summary.empty() ? "" : "; " + summary), "", "");
  }
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
  // Of one process what is found comes last, above the findings; the list of several is long.
  if (report.processes.empty()) {
    if (!report.snapshots.empty()) {
      put_memory(rows, options, report.snapshots, judged_count(report), "", true);
    }
    put_summary(rows, report);
  } else {
    put_summary(rows, report);
    put_processes(rows, options, report);
  }
}

}  // namespace silt::render
