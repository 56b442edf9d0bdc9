// SPDX-License-Identifier: Apache-2.0
//
// Only the stacks that changed most are named: a picture must be there within a moment, also of a
// program with a hundred thousand stacks.

#include "symbolizer/top/picture.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "symbolizer/render/escape.h"
#include "symbolizer/render/words.h"
#include "symbolizer/report/site.h"
#include "symbolizer/symbolize/managed_stacks.h"

namespace silt::top {
namespace {

constexpr size_t kNamedStacks = 200;

double at_end(const std::vector<uint64_t>& values, size_t from_end) {
  return values.size() > from_end ? static_cast<double>(values[values.size() - 1 - from_end]) : 0;
}

double pace_of(const std::vector<uint64_t>& live_bytes, double step_seconds) {
  if (step_seconds <= 0 || live_bytes.size() < 2) return 0;
  return (at_end(live_bytes, 0) - at_end(live_bytes, 1)) / step_seconds;
}

// A column of names has no room for what tells nothing.
std::string name_of(const symbolize::Frame& site) {
  const std::string name = render::said_name(render::clean(render::function_text(site)));
  return name.empty() ? "?" : name;
}

// Of a function that has a name, an address in a module says nothing more.
std::string short_place(const symbolize::Frame& site) {
  if (site.file.empty() && !site.function.empty()) return "";
  const std::string path = render::clean(render::place_text(site));
  return std::string(report::base_name(path));
}

Row row_of(const report::Finding& finding, size_t index, double step_seconds) {
  Row row;
  row.verdict = finding.verdict;
  row.confidence = finding.confidence;
  row.heap = finding.heap;
  row.finding = index;
  row.stacks = finding.stacks.empty() ? finding.leads : finding.stacks;
  row.live_bytes = at_end(finding.live_bytes, 0);
  row.growth_bytes = finding.live_bytes.empty()
                         ? static_cast<double>(finding.growth_bytes)
                         : row.live_bytes - static_cast<double>(finding.live_bytes.front());
  row.growth_blocks = static_cast<double>(finding.growth_blocks);
  row.bytes_per_second = pace_of(finding.live_bytes, step_seconds);
  if (finding.verdict == report::Verdict::kRetained) {
    row.name = "freed memory that the allocator holds";
    row.key = "retained";
  } else if (!finding.whole.empty()) {
    row.name = render::finding_name(finding);
    row.key = "whole " + finding.whole;
  } else {
    row.name = name_of(finding.site);
    row.place = short_place(finding.site);
    row.key = render::heap_word(finding.heap) + " " + report::site_key(finding.site);
  }
  return row;
}

void add_stack(const report::StackLine& stack, double step_seconds, Row& row) {
  row.stacks.push_back(stack.id);
  row.live_bytes += at_end(stack.live_bytes, 0);
  if (!stack.live_bytes.empty()) {
    row.growth_bytes += at_end(stack.live_bytes, 0) - static_cast<double>(stack.live_bytes.front());
    row.growth_blocks +=
        at_end(stack.live_blocks, 0) - static_cast<double>(stack.live_blocks.front());
  }
  row.bytes_per_second += pace_of(stack.live_bytes, step_seconds);
}

}  // namespace

const report::SnapshotLine& Picture::previous() const {
  const size_t count = report.snapshots.size();
  return report.snapshots[count > 1 ? count - 2 : 0];
}

std::vector<Row> rows_of(const report::Report& report, double step_seconds) {
  std::vector<Row> rows;
  std::unordered_set<read::StackId> told;
  for (size_t i = 0; i < report.findings.size(); ++i) {
    const report::Finding& finding = report.findings[i];
    told.insert(finding.stacks.begin(), finding.stacks.end());
    rows.push_back(row_of(finding, i, step_seconds));
  }
  std::unordered_map<std::string, size_t> by_site;
  for (const report::StackLine& stack : report.stacks) {
    const bool is_live = at_end(stack.live_bytes, 0) > 0 || stack.growth_bytes != 0;
    if (told.count(stack.id) > 0 || !is_live || stack.frames.empty()) continue;
    const symbolize::Frame& site = stack.frames[report::find_site(stack.frames)];
    const std::string key = render::heap_word(stack.heap) + " " + report::site_key(site);
    const auto [at, added] = by_site.try_emplace(key, rows.size());
    if (added) {
      Row row;
      row.key = key;
      row.heap = stack.heap;
      row.name = name_of(site);
      row.place = short_place(site);
      rows.push_back(std::move(row));
    }
    add_stack(stack, step_seconds, rows[at->second]);
  }
  return rows;
}

Picture picture_of(read::Recording& recording, size_t snapshots, KnownFrames& known) {
  symbolize::Symbolizer symbolizer(recording, symbolize::Options());
  symbolize::put_compiled_calls(recording, symbolizer, {});
  report::Options options;
  options.top = kNamedStacks;
  Picture picture;
  picture.report = report::build_report(recording, known.names_of(recording, symbolizer), options);
  picture.snapshots = snapshots;
  picture.seconds = picture.latest().elapsed_seconds - picture.first().elapsed_seconds;
  picture.step_seconds = picture.latest().elapsed_seconds - picture.previous().elapsed_seconds;
  picture.rows = rows_of(picture.report, picture.step_seconds);
  if (picture.report.stacks_total > picture.report.stacks.size()) {
    picture.places_left_out = picture.report.stacks_total - picture.report.stacks.size();
  }
  return picture;
}

}  // namespace silt::top
