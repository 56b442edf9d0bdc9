// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/report/processes.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <string_view>

namespace silt::report {
namespace {

ProcessLine line_of(const Report& report, const std::string& path) {
  ProcessLine line;
  line.pid = report.pid;
  line.program = report.program;
  line.command = report.command;
  line.start_realtime_ns = report.start_realtime_ns;
  line.path = path;
  line.labels = report.labels;
  line.who = "pid " + std::to_string(report.pid);
  line.judged = report.judged_snapshots >= 2;
  line.judged_snapshots = report.judged_snapshots;
  line.snapshots = report.snapshots;
  if (line.snapshots.empty()) line.snapshots.emplace_back();
  for (const Finding& finding : report.findings) {
    line.leaks += finding.verdict == Verdict::kLeak ? 1 : 0;
    line.growing += finding.verdict == Verdict::kGrowing ? 1 : 0;
    if (!rises(finding.verdict) || !finding.bytes_per_hour) continue;
    line.bytes_per_hour = line.bytes_per_hour.value_or(0) + *finding.bytes_per_hour;
  }
  return line;
}

bool differs(const std::vector<ProcessLine>& lines, std::string_view key) {
  return std::any_of(lines.begin(), lines.end(), [&](const ProcessLine& line) {
    const std::string* first = read::find_label(lines.front().labels, key);
    const std::string* own = read::find_label(line.labels, key);
    return (first == nullptr) != (own == nullptr) || (first != nullptr && *first != *own);
  });
}

// "pid 1 in shop-7d9f, version 1.2": where each is, in the nearest of the words that tell them
// apart, and which version, when they are not all the same.
void add_places(std::vector<ProcessLine>& lines) {
  constexpr size_t kShortId = 12;  // as container engines show it
  std::string_view place;
  for (const std::string_view key : {"pod", "host", "container"}) {
    if (!differs(lines, key)) continue;
    place = key;
    break;
  }
  const bool versions = differs(lines, "version");
  for (ProcessLine& line : lines) {
    if (const std::string* where = read::find_label(line.labels, place)) {
      line.who += " in " + (place == "container" ? where->substr(0, kShortId) : *where);
    }
    if (!versions) continue;
    if (const std::string* version = read::find_label(line.labels, "version")) {
      line.who += ", version " + *version;
    }
  }
}

// Names that are still the same for several get what `more` knows.
template <typename More>
void tell_apart(std::vector<ProcessLine>& lines, More more) {
  std::map<std::string, size_t> count;
  for (const ProcessLine& line : lines) ++count[line.who];
  for (ProcessLine& line : lines) {
    if (count[line.who] < 2) continue;
    if (const std::string text = more(line); !text.empty()) line.who += " (" + text + ")";
  }
}

}  // namespace

const SnapshotLine& ProcessLine::last() const {
  return snapshots[std::min(judged ? judged_snapshots : SIZE_MAX, snapshots.size()) - 1];
}

uint64_t live_bytes(const SnapshotLine& line) {
  return line.live_bytes + line.mapping_bytes + line.object_bytes + line.js_used_bytes;
}

std::vector<ProcessLine> process_lines(const std::vector<Report>& reports,
                                       const std::vector<std::string>& paths) {
  std::vector<ProcessLine> lines;
  for (size_t i = 0; i < reports.size(); ++i) {
    lines.push_back(line_of(reports[i], i < paths.size() ? paths[i] : ""));
  }
  if (!lines.empty()) add_places(lines);
  tell_apart(lines, [](const ProcessLine& line) {
    return std::filesystem::path(line.path).filename().string();
  });
  tell_apart(lines, [](const ProcessLine& line) { return line.path; });
  return lines;
}

std::vector<read::Label> common_labels(const std::vector<ProcessLine>& processes) {
  if (processes.empty()) return {};
  std::vector<read::Label> common;
  for (const read::Label& label : processes.front().labels) {
    if (!differs(processes, label.key)) common.push_back(label);
  }
  return common;
}

std::string some_of(const std::vector<std::string>& names) {
  constexpr size_t kMost = 3;
  const size_t shown = names.size() > kMost + 1 ? kMost : names.size();
  std::string text;
  for (size_t i = 0; i < shown; ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (shown < names.size()) text += " and " + std::to_string(names.size() - shown) + " more";
  return text;
}

void ToldLines::add(const std::string& who, const std::vector<std::string>& texts) {
  ++processes_;
  for (const std::string& text : texts) {
    const auto [at, added] = by_text_.try_emplace(text, lines_.size());
    if (added) lines_.push_back({text, {}});
    lines_[at->second].who.push_back(who);
  }
}

std::vector<std::string> ToldLines::take() const {
  std::vector<std::string> texts;
  for (const Line& line : lines_) {
    const bool all = line.who.size() == processes_ && processes_ > 1;
    texts.push_back((all ? "each process" : some_of(line.who)) + ": " + line.text);
  }
  return texts;
}

}  // namespace silt::report
