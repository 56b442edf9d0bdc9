// SPDX-License-Identifier: Apache-2.0
//
// The report as one HTML page that needs nothing else. The page itself, markup, style and script,
// is a constant of the build (symbolizer/render/html/); what a report adds is one block of JSON, in
// which no character can end the block or mean anything to HTML. Everything that is a sentence is
// put into words here, as the other formats do, so that a finding reads the same everywhere.

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>
#include <string_view>
#include <unordered_map>

#include "symbolizer/base/quantity.h"
#include "symbolizer/render/escape.h"
#include "symbolizer/render/headline.h"
#include "symbolizer/render/html_chart.h"
#include "symbolizer/render/html_findings.h"
#include "symbolizer/render/html_owners.h"
#include "symbolizer/render/html_page.h"
#include "symbolizer/render/html_sizes.h"
#include "symbolizer/render/html_tree.h"
#include "symbolizer/render/memory_words.h"
#include "symbolizer/render/process_words.h"
#include "symbolizer/render/render.h"
#include "symbolizer/render/rss_words.h"
#include "symbolizer/render/words.h"
#include "symbolizer/report/site.h"

namespace silt::render {
namespace {

using Json = nlohmann::ordered_json;
using report::Finding;
using report::Report;
using report::StackLine;
using report::Verdict;

std::string start_of(uint64_t realtime_ns) {
  if (realtime_ns == 0) return "";
  const time_t seconds = static_cast<time_t>(realtime_ns / 1000000000);
  tm parts{};
  char text[64];
  if (gmtime_r(&seconds, &parts) == nullptr) return "";
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts)};
}

template <typename Value>
Json column(const CallTree& tree, Value CallTree::Leaf::*member) {
  Json json = Json::array();
  json.get_ref<Json::array_t&>().reserve(tree.leaves.size());
  for (const CallTree::Leaf& leaf : tree.leaves) json.push_back(leaf.*member);
  return json;
}

// Without the values at the end that are equal to the last one kept: it goes on.
Json over_time(const CallTree& tree, std::vector<uint64_t> CallTree::Leaf::*member) {
  Json json = Json::array();
  for (const CallTree::Leaf& leaf : tree.leaves) {
    const std::vector<uint64_t>& values = leaf.*member;
    size_t end = values.size();
    while (end > 1 && values[end - 1] == values[end - 2]) --end;
    json.push_back(std::vector<uint64_t>(values.begin(), values.begin() + static_cast<long>(end)));
  }
  return json;
}

void add_tree(const Report& report, Json& json) {
  const CallTree tree = make_call_tree(report);
  json["names"] = Json::array();
  for (const CallTree::Name& name : tree.names) {
    json["names"].push_back({name.text, name.module, name.file});
    if (name.code != Code::kNone) json["names"].back().push_back(static_cast<int>(name.code));
  }
  json["modules"] = tree.modules;
  json["files"] = tree.files;
  using Leaf = CallTree::Leaf;
  json["tree"] = {{"parent", tree.parent},
                  {"name", tree.name},
                  {"stacks",
                   {{"node", column(tree, &Leaf::node)},
                    {"finding", column(tree, &Leaf::finding)},
                    {"growth_bytes", column(tree, &Leaf::growth_bytes)},
                    {"growth_blocks", column(tree, &Leaf::growth_blocks)},
                    {"live_bytes", column(tree, &Leaf::live_bytes)},
                    {"live_blocks", column(tree, &Leaf::live_blocks)},
                    {"allocated_bytes", column(tree, &Leaf::allocated_bytes)},
                    {"allocated_blocks", column(tree, &Leaf::allocated_blocks)},
                    {"bytes_over_time", over_time(tree, &Leaf::bytes_over_time)},
                    {"blocks_over_time", over_time(tree, &Leaf::blocks_over_time)}}}};
  json["times"] = tree.times;
  if (tree.stacks_summed > 0) {
    json["notes"].push_back("the flame graph shows the " +
                            format_count(static_cast<double>(tree.stacks_shown)) +
                            " largest stacks, and the other " +
                            format_count(static_cast<double>(tree.stacks_summed)) + " as sums");
  }
  if (report.stacks.size() < report.stacks_total) {
    json["notes"].push_back("this page shows " +
                            format_count(static_cast<double>(report.stacks.size())) + " of " +
                            format_count(static_cast<double>(report.stacks_total)) +
                            " stacks: the others were filtered out");
  }
}

void add_processes(const Report& report, Json& json) {
  json["processes"] = Json::array();
  for (const size_t at : fastest_first(report)) json["processes_order"].push_back(at);
  for (const report::ProcessLine& process : report.processes) {
    const report::SnapshotLine& first = process.first();
    const report::SnapshotLine& last = process.last();
    json["processes"].push_back({{"name", clean(process_name(process))},
                                 {"path", clean(process.path)},
                                 {"labels", clean(labels_text(process.labels))},
                                 {"verdict", process_verdict(process)},
                                 {"bytes_per_hour", process.bytes_per_hour.value_or(0)},
                                 {"snapshots", process.snapshots.size()},
                                 {"live_bytes", {live_bytes(first), live_bytes(last)}},
                                 {"rss_bytes", {first.rss_bytes, last.rss_bytes}},
                                 {"rss", rss_text(last)}});
  }
}

const char* outcome_word(report::Outcome outcome) {
  switch (outcome) {
    case report::Outcome::kBroken:
      return "broken";
    case report::Outcome::kExcused:
      return "excused";
    case report::Outcome::kInconclusive:
      return "inconclusive";
    case report::Outcome::kPassed:
      break;
  }
  return "passed";
}

void add_gate(const Report& report, Json& json) {
  if (!report.gate.ran) return;
  json["gate"] = Json::array();
  for (const report::Ruling& ruling : report.gate.rulings) {
    json["gate"].push_back({{"finding", ruling.finding ? Json(*ruling.finding) : Json(nullptr)},
                            {"outcome", outcome_word(ruling.outcome)},
                            {"rule", clean(ruling.rule)},
                            {"why", clean(ruling_text(report, ruling))}});
  }
}

Json cleaned(const std::vector<std::string>& lines) {
  Json json = Json::array();
  for (const std::string& line : lines) json.push_back(clean(line));
  return json;
}

Json page_data(const Report& report) {
  Json json;
  json["program"] = clean(programs_text(report));
  json["title"] = clean(title_text(report));
  json["labels"] = clean(labels_text(report.labels));
  json["pid"] = report.pid;
  json["command"] = clean(report.command);
  json["start"] = start_of(report.start_realtime_ns);
  json["scope"] = scope_text(report);
  const std::string none_found = none_found_text(report);
  const bool leaks = std::any_of(report.findings.begin(), report.findings.end(),
                                 [](const Finding& f) { return f.verdict == Verdict::kLeak; });
  const std::string summary = summary_text(report);
  json["summary"] = leaks ? summary : none_found + (summary.empty() ? "" : "; " + summary);
  json["none_found"] = none_found;
  json["growth_known"] = report.judged_snapshots >= 2;
  json["rises"] =
      std::any_of(report.findings.begin(), report.findings.end(),
                  [](const Finding& finding) { return report::rises(finding.verdict); });
  json["judged"] = judged_count(report);
  json["memory"] = memory_texts(report.snapshots, judged_count(report));
  json["snapshots"] = Json::array();
  for (const report::SnapshotLine& line : report.snapshots) {
    json["snapshots"].push_back({{"sequence", line.sequence},
                                 {"elapsed_seconds", line.elapsed_seconds},
                                 {"rss_bytes", line.rss_bytes},
                                 {"live_bytes", line.live_bytes},
                                 {"live_blocks", line.live_blocks},
                                 {"allocated_bytes", line.allocated_bytes},
                                 {"mapping_bytes", line.mapping_bytes}});
  }
  json["honesty"] = cleaned(report.honesty);
  json["notes"] = cleaned(report.notes);
  add_findings(report, json);
  add_heap_growth(report, json);
  add_chart(report, json);
  add_rss(report, json);
  add_processes(report, json);
  add_gate(report, json);
  add_sizes(report, json);
  add_tree(report, json);
  return json;
}

}  // namespace

std::string json_in_html(std::string_view json) {
  std::string result;
  result.reserve(json.size() + json.size() / 64);
  for (size_t i = 0; i < json.size(); ++i) {
    switch (json[i]) {
      case '<':
        result += "\\u003c";
        break;
      case '>':
        result += "\\u003e";
        break;
      case '&':
        result += "\\u0026";
        break;
      default:
        // U+2028 and U+2029 end a line in older JavaScript.
        if (json[i] == '\xe2' && (json.substr(i, 3) == "\u2028" || json.substr(i, 3) == "\u2029")) {
          result += json[i + 2] == '\xa8' ? "\\u2028" : "\\u2029";
          i += 2;
        } else {
          result += json[i];
        }
    }
  }
  return result;
}

std::string html_unavailable() {
  return html_page() ? "" : "this silt was built without npm, so it has no HTML report";
}

std::string render_html(const Report& report) {
  const std::optional<HtmlPage> page = html_page();
  if (!page) return "";
  const std::string data =
      json_in_html(page_data(report).dump(-1, ' ', false, Json::error_handler_t::replace));
  std::string result;
  result.reserve(page->before.size() + data.size() + page->after.size());
  result += page->before;
  result += data;
  result += page->after;
  return result;
}

}  // namespace silt::render
