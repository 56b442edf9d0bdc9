// SPDX-License-Identifier: Apache-2.0
//
// One JSON object a line, all with the same keys, so that DuckDB, ClickHouse and the like make a
// table of it without being told how. What is not known, or says nothing for that kind of row, is
// null.

#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "symbolizer/render/escape.h"
#include "symbolizer/render/export.h"
#include "symbolizer/render/json_parts.h"
#include "symbolizer/render/words.h"
#include "symbolizer/report/place.h"
#include "symbolizer/report/site.h"

namespace silt::render {
namespace {

using report::Finding;
using report::Report;
using report::SnapshotLine;
using report::StackLine;

// Labels that everybody asks for have columns of their own.
constexpr const char* kColumns[] = {"host", "pod", "container", "namespace", "version"};

// The columns that a row of another kind leaves empty.
constexpr const char* kProcessColumns[] = {"rss_bytes", "allocated_bytes", "mapping_bytes",
                                           "js_used_bytes", "python_live_bytes"};
constexpr const char* kSiteColumns[] = {"heap",           "site",     "file",      "line",
                                        "module",         "build_id", "site_key",  "growth_bytes",
                                        "bytes_per_hour", "verdict",  "confidence"};

// Unknown in managed heaps.
constexpr const char* kPassedColumns[] = {"born_bytes", "born_blocks", "died_bytes", "died_blocks"};

// What grows in one place, snapshot by snapshot.
struct Row {
  const char* kind = "site";
  Json columns;
  std::vector<uint64_t> live_bytes;
  std::vector<uint64_t> live_blocks;
  // Cumulative; empty where it is not known.
  std::vector<uint64_t> allocated_bytes;
  std::vector<uint64_t> allocated_blocks;
};

void add(std::vector<uint64_t>& to, const std::vector<uint64_t>& values) {
  to.resize(std::max(to.size(), values.size()));
  for (size_t i = 0; i < values.size(); ++i) to[i] += values[i];
}

void add(Row& row, const StackLine& stack, bool first) {
  add(row.live_blocks, stack.live_blocks);
  if (stack.allocated_bytes_by.empty() || (!first && row.allocated_bytes.empty())) {
    row.allocated_bytes.clear();
    row.allocated_blocks.clear();
    return;
  }
  add(row.allocated_bytes, stack.allocated_bytes_by);
  add(row.allocated_blocks, stack.allocated_blocks_by);
}

// What came and what went between two snapshots. Estimates of a sampled recording may be at odds
// by a little: nothing is less than 0.
struct Passed {
  uint64_t born = 0;
  uint64_t died = 0;
};
Passed passed(uint64_t allocated, uint64_t allocated_before, uint64_t live, uint64_t live_before) {
  Passed result;
  result.born = allocated - std::min(allocated, allocated_before);
  const uint64_t most = live_before + result.born;
  result.died = most - std::min(most, live);
  return result;
}

Json place_columns(read::Heap heap, const symbolize::Frame& site, const std::string& name,
                   const std::string& key) {
  return {{"heap", heap_word(heap)},
          {"site", text_or_null(name)},
          {"file", text_or_null(site.file)},
          {"line", site.line == 0 ? Json(nullptr) : Json(site.line)},
          {"module", text_or_null(site.module)},
          {"build_id", text_or_null(site.build_id)},
          {"site_key", key}};
}

Row row_of(const Finding& finding,
           const std::unordered_map<read::StackId, const StackLine*>& stacks) {
  Row row;
  row.kind = "finding";
  row.columns = place_columns(finding.heap, finding.site, short_finding_name(finding),
                              report::place_key(finding));
  row.columns["growth_bytes"] = finding.growth_bytes;
  row.columns["bytes_per_hour"] = number_or_null(finding.bytes_per_hour);
  row.columns["verdict"] = report::verdict_word(finding.verdict);
  row.columns["confidence"] = finding.confidence;
  row.live_bytes = finding.live_bytes;
  bool first = true;
  for (const read::StackId id : finding.stacks) {
    const auto at = stacks.find(id);
    if (at == stacks.end()) continue;
    add(row, *at->second, first);
    first = false;
  }
  return row;
}

std::vector<Row> rows_of(const Report& report) {
  std::unordered_map<read::StackId, const StackLine*> stacks;
  for (const StackLine& stack : report.stacks) stacks.try_emplace(stack.id, &stack);
  std::vector<Row> rows;
  std::unordered_set<read::StackId> told;
  for (const Finding& finding : report.findings) {
    rows.push_back(row_of(finding, stacks));
    told.insert(finding.stacks.begin(), finding.stacks.end());
  }
  std::map<std::string, size_t> by_site;
  for (const StackLine& stack : report.stacks) {
    if (told.count(stack.id) > 0 || stack.frames.empty()) continue;
    const symbolize::Frame& site = stack.frames[report::find_site(stack.frames)];
    const std::string key = report::place_key(stack.heap, site);
    const auto [at, added] = by_site.try_emplace(key, rows.size());
    if (added) {
      Row row;
      row.columns = place_columns(stack.heap, site, report::plain_name(function_text(site)), key);
      row.columns["growth_bytes"] = 0;
      rows.push_back(std::move(row));
    }
    Row& row = rows[at->second];
    row.columns["growth_bytes"] = row.columns["growth_bytes"].get<int64_t>() + stack.growth_bytes;
    add(row.live_bytes, stack.live_bytes);
    add(row, stack, added);
  }
  return rows;
}

void append(std::string& text, const Json& row) {
  text += json_text(row.dump(-1, ' ', false, Json::error_handler_t::replace));
  text += '\n';
}

Json head_of(const Exported& one, const std::vector<read::Label>& labels) {
  Json head;
  head["program"] = one.report.program;
  head["pid"] = one.report.pid;
  head["recording"] = *read::find_label(labels, "recording");
  head["start"] = time_json(one.report.start_realtime_ns);
  for (const char* const column : kColumns) {
    const std::string* const value = read::find_label(one.report.labels, column);
    head[column] = value == nullptr ? Json(nullptr) : Json(*value);
  }
  head["labels"] = labels_json(one.report.labels);
  return head;
}

void add_passed(Json& row, const Passed& bytes, const Passed& blocks) {
  row["born_bytes"] = bytes.born;
  row["born_blocks"] = blocks.born;
  row["died_bytes"] = bytes.died;
  row["died_blocks"] = blocks.died;
}

Json process_row(Json row, const SnapshotLine& line, const SnapshotLine& before) {
  row["live_bytes"] = line.live_bytes;
  row["live_blocks"] = line.live_blocks;
  add_passed(
      row, passed(line.allocated_bytes, before.allocated_bytes, line.live_bytes, before.live_bytes),
      passed(line.allocated_blocks, before.allocated_blocks, line.live_blocks, before.live_blocks));
  row["rss_bytes"] = line.rss_bytes == 0 ? Json(nullptr) : Json(line.rss_bytes);
  row["allocated_bytes"] = line.allocated_bytes;
  row["mapping_bytes"] = line.mapping_bytes;
  row["js_used_bytes"] = line.js_used_bytes == 0 ? Json(nullptr) : Json(line.js_used_bytes);
  row["python_live_bytes"] = line.object_blocks == 0 ? Json(nullptr) : Json(line.object_bytes);
  for (const char* const column : kSiteColumns) row[column] = nullptr;
  return row;
}

Json site_row(Json row, const Row& site, size_t snapshot) {
  const auto at = [snapshot](const std::vector<uint64_t>& values) {
    return snapshot < values.size() ? Json(values[snapshot]) : Json(nullptr);
  };
  row["live_bytes"] = at(site.live_bytes);
  row["live_blocks"] = at(site.live_blocks);
  if (site.allocated_bytes.empty()) {
    for (const char* const column : kPassedColumns) row[column] = nullptr;
  } else {
    const auto of = [snapshot](const std::vector<uint64_t>& allocated,
                               const std::vector<uint64_t>& live) {
      const auto by = [](const std::vector<uint64_t>& list, size_t at) {
        return at < list.size() ? list[at] : 0;
      };
      if (snapshot == 0) return passed(by(allocated, 0), 0, by(live, 0), 0);
      return passed(by(allocated, snapshot), by(allocated, snapshot - 1), by(live, snapshot),
                    by(live, snapshot - 1));
    };
    add_passed(row, of(site.allocated_bytes, site.live_bytes),
               of(site.allocated_blocks, site.live_blocks));
  }
  for (const char* const column : kProcessColumns) row[column] = nullptr;
  for (const char* const column : kSiteColumns) {
    row[column] = site.columns.contains(column) ? site.columns[column] : Json(nullptr);
  }
  return row;
}

}  // namespace

std::string render_ndjson(const std::vector<Exported>& all) {
  const std::vector<std::vector<read::Label>> labels = export_labels(all);
  std::string text;
  for (size_t i = 0; i < all.size(); ++i) {
    const Report& report = all[i].report;
    const Json head = head_of(all[i], labels[i]);
    const std::vector<Row> rows = rows_of(report);
    for (size_t at = 0; at < report.snapshots.size(); ++at) {
      const SnapshotLine& line = report.snapshots[at];
      const auto begin = [&](const char* kind) {
        Json row = {{"time", time_json(line.realtime_ns)},
                    {"kind", kind},
                    {"snapshot", line.sequence},
                    {"elapsed_seconds", line.elapsed_seconds}};
        row.update(head);
        return row;
      };
      const SnapshotLine none;
      append(text, process_row(begin("process"), line, at == 0 ? none : report.snapshots[at - 1]));
      for (const Row& row : rows) append(text, site_row(begin(row.kind), row, at));
    }
  }
  return text;
}

}  // namespace silt::render
