// SPDX-License-Identifier: Apache-2.0
//
// The report as a CI job's summary: a headline, a table of findings, their stacks behind a fold.
// Bounded: GitHub refuses summaries of more than a megabyte.

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "symbolizer/base/quantity.h"
#include "symbolizer/render/escape.h"
#include "symbolizer/render/headline.h"
#include "symbolizer/render/heap_growth_words.h"
#include "symbolizer/render/memory_words.h"
#include "symbolizer/render/owner_words.h"
#include "symbolizer/render/process_words.h"
#include "symbolizer/render/reason_words.h"
#include "symbolizer/render/render.h"
#include "symbolizer/render/rss_words.h"
#include "symbolizer/render/thread_words.h"
#include "symbolizer/render/type_words.h"
#include "symbolizer/render/words.h"
#include "symbolizer/report/site.h"

namespace silt::render {
namespace {

using report::Finding;
using report::Report;
using report::Verdict;

constexpr size_t kMostFindings = 50;
constexpr size_t kMostFrames = 40;
constexpr size_t kMostProcesses = 50;
constexpr size_t kCurve = 12;               // blocks of a curve
constexpr size_t kMostLinesTold = 50;       // lines that many processes say of themselves
constexpr size_t kMostStacksOfFinding = 3;  // of one finding

std::string code_line(const symbolize::Frame& frame) {
  const std::string place = clean(place_text(frame));
  return clean_line(function_text(frame)) + (place.empty() ? "" : "  " + place);
}

// A fenced block whose fence is longer than any run of backquotes in it.
std::string fenced(const std::string& text) {
  std::string fence = "```";
  while (text.find(fence) != std::string::npos) fence += '`';
  return fence + "text\n" + text + fence + "\n";
}

std::string row(const Finding& finding) {
  const bool grave = finding.verdict == Verdict::kLeak;
  std::string text =
      std::string("| ") + (grave ? "**leak**" : report::verdict_word(finding.verdict));
  if (finding.change != report::Change::kNotCompared) {
    text += " (" + change_word(finding.change) + ")";
  }
  text += " | ";
  text += markdown(before_site(finding));
  text += markdown_code(clean(said_finding_name(finding)));
  const std::string place = place_text(finding.site);
  if (!place.empty()) text += "<br>" + markdown_code(place);
  text += " | " + (finding.bytes_per_hour ? format_bytes_signed(*finding.bytes_per_hour)
                                          : std::string("unknown"));
  text += " | " + format_bytes_signed(static_cast<double>(finding.growth_bytes));
  if (finding.live_bytes.size() > 1) text += "<br>" + sparkline(finding.live_bytes, kCurve);
  text += " | " + format_percent(finding.confidence);
  text += " | " + markdown(reason_text(finding.why));
  const std::string threads = threads_text(finding.threads, 3);
  if (!threads.empty()) text += "<br>threads: " + markdown(threads);
  const std::string types = types_text(finding.types, 3);
  if (!types.empty()) text += "<br>types: " + markdown(types);
  for (const std::string& owner : owner_texts(finding.owners, 3)) {
    text += "<br>" + markdown(clean(owner));
  }
  return text + " |\n";
}

std::string title_of(const Report& report) {
  return report.processes.empty() ? report.program : title_text(report);
}

// Those that grow first; each with its own memory.
std::string process_table(const Report& report) {
  std::string text =
      "\n| process | verdict | per hour | live | RSS | of that |\n|---|---|--:|--:|--:|---|\n";
  size_t shown = 0;
  for (const size_t at : fastest_first(report)) {
    if (shown++ == kMostProcesses) {
      text += "\n… and " + std::to_string(report.processes.size() - kMostProcesses) + " more\n";
      break;
    }
    const report::ProcessLine& process = report.processes[at];
    const auto from_to = [&process](uint64_t first, uint64_t last) {
      const std::string from = format_bytes(static_cast<double>(first));
      const std::string to = format_bytes(static_cast<double>(last));
      return process.judged ? from + " → " + to : to;
    };
    const report::SnapshotLine& first = process.first();
    const report::SnapshotLine& last = process.last();
    const std::string verdict = process_verdict(process);
    text += "| " + markdown(process_name(process)) + " | " +
            (process.leaks > 0 ? "**" + verdict + "**" : verdict) + " | " +
            (process.bytes_per_hour ? format_bytes_signed(*process.bytes_per_hour) : "") + " | " +
            from_to(report::live_bytes(first), report::live_bytes(last)) + " | " +
            from_to(first.rss_bytes, last.rss_bytes) + " | " + markdown(rss_text(last)) + " |\n";
  }
  return text;
}

}  // namespace

std::string render_markdown(const Report& report) {
  const bool leaks = std::any_of(report.findings.begin(), report.findings.end(),
                                 [](const Finding& f) { return f.verdict == Verdict::kLeak; });
  std::string text = "## silt: " + markdown(title_of(report)) + ": " +
                     markdown(leaks ? summary_text(report) : none_found_text(report)) + "\n\n";
  text += markdown(scope_text(report));
  if (!report.labels.empty()) text += "; " + markdown(labels_text(report.labels));
  for (const std::string& part : memory_texts(report.snapshots, judged_count(report))) {
    text += "; " + markdown(part);
  }
  if (!report.snapshots.empty()) {
    const report::SnapshotLine& first = report.snapshots.front();
    const report::SnapshotLine& last = report.snapshots[judged_count(report) - 1];
    const std::string sum = rss_text(last);
    const std::string change = rss_change_text(first, last);
    if (!sum.empty()) text += "\n\n" + markdown(sum);
    if (!change.empty()) text += "; since the first snapshot: " + markdown(change);
  }
  text += "\n";
  if (!report.processes.empty()) text += process_table(report);
  const size_t shown = std::min(report.findings.size(), kMostFindings);
  if (shown > 0) {
    text += "\n| verdict | where | per hour | so far | sure | why |\n|---|---|--:|--:|--:|---|\n";
    for (size_t i = 0; i < shown; ++i) text += row(report.findings[i]);
    if (report.findings.size() > shown) {
      text += "\n… and " + std::to_string(report.findings.size() - shown) + " more\n";
    }
  }
  for (const report::HeapGrowthLine& line : report.heap_growth) {
    text += "\n" + markdown(heap_growth_text(report, line)) + "\n";
    for (const std::string& owner : owner_texts(line.owners, 3)) {
      text += "\n- " + markdown(clean(owner));
    }
    if (!line.owners.empty()) text += "\n";
  }
  std::unordered_map<read::StackId, const report::StackLine*> stacks;
  for (const report::StackLine& stack : report.stacks) stacks.try_emplace(stack.id, &stack);
  for (size_t i = 0; i < shown; ++i) {
    const Finding& finding = report.findings[i];
    if (!report::rises(finding.verdict)) continue;
    std::string block;
    size_t listed = 0;
    for (const read::StackId id : finding.stacks) {
      const auto at = stacks.find(id);
      if (at == stacks.end() || at->second->frames.empty() || listed == kMostStacksOfFinding)
        continue;
      if (listed++ > 0) block += "\n";
      const auto& frames = at->second->frames;
      for (size_t f = 0; f < std::min(frames.size(), kMostFrames); ++f) {
        block += code_line(frames[f]) + "\n";
      }
      if (frames.size() > kMostFrames) block += "…\n";
    }
    if (block.empty()) continue;
    text += "\n<details><summary>stack of " + html(clean(said_finding_name(finding))) +
            "</summary>\n\n" + fenced(block) + "\n</details>\n";
  }
  text += "\n";
  const auto tell = [&text](const std::vector<std::string>& lines, const char* before) {
    const size_t told = std::min(lines.size(), kMostLinesTold);
    for (size_t i = 0; i < told; ++i) text += before + markdown(lines[i]) + "\n";
    if (told == lines.size()) return;
    text += before + std::to_string(lines.size() - told) + " more of these\n";
  };
  tell(report.honesty, "- ");
  tell(report.notes, "- note: ");
  return text;
}

}  // namespace silt::render
