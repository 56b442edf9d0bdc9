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
#include "symbolizer/render/html_page.h"
#include "symbolizer/render/html_source.h"
#include "symbolizer/render/html_tree.h"
#include "symbolizer/render/render.h"
#include "symbolizer/render/words.h"
#include "symbolizer/report/site.h"

namespace silt::render {
namespace {

using Json = nlohmann::ordered_json;
using report::Finding;
using report::Report;
using report::StackLine;

constexpr size_t kStacksOfFinding = 20;  // listed with frames; all are in the flame graph
constexpr size_t kListedStacks = 1000;   // over all findings
constexpr size_t kChartLayers = 10;      // findings with a colour of their own

Json number_or_null(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

std::string start_of(uint64_t realtime_ns) {
  if (realtime_ns == 0) return "";
  const time_t seconds = static_cast<time_t>(realtime_ns / 1000000000);
  tm parts{};
  char text[64];
  if (gmtime_r(&seconds, &parts) == nullptr) return "";
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts)};
}

// Frames of listed stacks, each once, with the source around it if it is at hand.
class FrameTable {
 public:
  explicit FrameTable(time_t recording_start) : recording_start_(recording_start) {}

  size_t of(const symbolize::Frame& frame) {
    std::string key = frame.function;
    for (const std::string* part : {&frame.file, &frame.module, &frame.unresolved}) {
      key += '\0';
      key += *part;
    }
    key += '\0' + std::to_string(frame.line) + (frame.inlined ? "i" : "") +
           std::to_string(static_cast<int>(frame.kind)) +
           (frame.function.empty() ? std::to_string(frame.file_address) : "");
    const auto [at, added] = index_.try_emplace(std::move(key), frames_.size());
    if (added) frames_.push_back(described(frame));
    return at->second;
  }

  Json& frames() { return frames_; }
  Json& sources() { return sources_; }

 private:
  Json described(const symbolize::Frame& frame) {
    Json json;
    json["text"] = clean(function_text(frame));
    json["place"] = clean(place_text(frame));
    json["kind"] = kind_word(frame.kind);
    json["inlined"] = frame.inlined;
    json["own"] = report::owner_of(frame) == report::Owner::kUser;
    if (!frame.unresolved.empty()) json["unresolved"] = clean(frame.unresolved);
    if (const std::optional<Excerpt> excerpt = reader_.around(frame.file, frame.line)) {
      json["source"] = sources_.size();
      sources_.push_back({{"first", excerpt->first_line},
                          {"line", excerpt->line},
                          {"lines", excerpt->lines},
                          {"newer", recording_start_ > 0 && excerpt->modified > recording_start_}});
    }
    return json;
  }

  time_t recording_start_;
  SourceReader reader_;
  std::unordered_map<std::string, size_t> index_;
  Json frames_ = Json::array();
  Json sources_ = Json::array();
};

// One value a snapshot, whatever the finding has.
std::vector<uint64_t> fitted(std::vector<uint64_t> values, size_t snapshots) {
  values.resize(snapshots, values.empty() ? 0 : values.back());
  return values;
}

// Where in the stack the finding's site is: that very line, else that function, else nowhere.
Json site_in(const StackLine& stack, const symbolize::Frame& site) {
  const std::string key = report::site_key(site);
  const auto index_of = [&stack](auto&& matches) -> Json {
    const auto at = std::find_if(stack.frames.begin(), stack.frames.end(), matches);
    return at == stack.frames.end() ? Json(nullptr) : Json(at - stack.frames.begin());
  };
  const Json exact =
      index_of([&](const symbolize::Frame& frame) { return report::site_key(frame) == key; });
  if (!exact.is_null() || site.function.empty()) return exact;
  return index_of([&](const symbolize::Frame& frame) { return frame.function == site.function; });
}

Json listed_stack(const StackLine& stack, const symbolize::Frame& site, FrameTable& frames) {
  Json json;
  json["growth_bytes"] = stack.growth_bytes;
  json["growth_blocks"] = stack.growth_blocks;
  if (stack.missing != read::Missing::kNone) json["missing"] = missing_text(stack.missing);
  json["site"] = site_in(stack, site);
  json["frames"] = Json::array();
  for (const symbolize::Frame& frame : stack.frames) json["frames"].push_back(frames.of(frame));
  return json;
}

Json finding_of(const Report& report, const Finding& finding) {
  Json json;
  json["verdict"] = report::verdict_word(finding.verdict);
  json["confidence"] = finding.confidence;
  json["heap"] = heap_word(finding.heap);
  json["site"] =
      clean((finding.what.empty() ? "" : finding.what + " ") + function_text(finding.site));
  if (finding.verdict == report::Verdict::kRetained) json["site"] = clean(finding.headline);
  json["place"] = clean(place_text(finding.site));
  json["pace"] = clean(pace_text(finding));
  json["limit"] = limit_text(report, finding);
  json["reason"] = clean(finding.reason);
  json["change"] = change_word(finding.change);
  json["live_bytes"] = fitted(finding.live_bytes, report.snapshots.size());
  if (!finding.shares.empty()) {
    json["shares"] = Json::array();
    for (const report::Share& share : finding.shares) {
      json["shares"].push_back({{"process", share.process},
                                {"verdict", report::verdict_word(share.verdict)},
                                {"growth_bytes", share.growth_bytes},
                                {"bytes_per_hour", number_or_null(share.bytes_per_hour)}});
    }
  }
  return json;
}

void add_findings(const Report& report, Json& json) {
  std::unordered_map<uint32_t, const StackLine*> by_id;
  for (const StackLine& stack : report.stacks) by_id.emplace(stack.id, &stack);
  FrameTable frames(static_cast<time_t>(report.start_realtime_ns / 1000000000));
  json["findings"] = Json::array();
  size_t listed = 0;
  for (const Finding& finding : report.findings) {
    Json entry = finding_of(report, finding);
    entry["stacks"] = Json::array();
    entry["stacks_total"] = finding.stacks.size();
    for (const uint32_t id : finding.stacks) {
      const auto at = by_id.find(id);
      if (at == by_id.end() || at->second->frames.empty()) continue;
      if (entry["stacks"].size() >= kStacksOfFinding || listed >= kListedStacks) break;
      entry["stacks"].push_back(listed_stack(*at->second, finding.site, frames));
      ++listed;
    }
    json["findings"].push_back(std::move(entry));
  }
  json["frames"] = std::move(frames.frames());
  json["sources"] = std::move(frames.sources());
}

// The findings that get a layer of their own in the chart: those that are largest at some time.
std::vector<size_t> largest_findings(const Report& report) {
  std::vector<std::pair<uint64_t, size_t>> peaks;
  for (size_t i = 0; i < report.findings.size(); ++i) {
    const Finding& finding = report.findings[i];
    if (finding.live_bytes.empty()) continue;
    peaks.emplace_back(*std::max_element(finding.live_bytes.begin(), finding.live_bytes.end()), i);
  }
  std::stable_sort(peaks.begin(), peaks.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<size_t> result;
  for (size_t i = 0; i < peaks.size() && i < kChartLayers; ++i) result.push_back(peaks[i].second);
  return result;
}

// Layers of the chart: findings in native memory and mappings, which live bytes count; objects on a
// JavaScript heap lie in its mappings and would count twice.
void add_chart(const Report& report, Json& json) {
  const size_t count = report.snapshots.size();
  std::vector<uint64_t> rest;
  for (const report::SnapshotLine& line : report.snapshots) {
    rest.push_back(line.live_bytes + line.mapping_bytes);
  }
  const std::vector<size_t> largest = largest_findings(report);
  std::vector<uint64_t> others(count);
  size_t others_count = 0;
  json["chart"] = Json::array();
  for (size_t index = 0; index < report.findings.size(); ++index) {
    const Finding& finding = report.findings[index];
    if (finding.heap == read::Heap::kJavaScript) continue;
    if (finding.verdict == report::Verdict::kRetained) continue;  // not live
    const std::vector<uint64_t> values = fitted(finding.live_bytes, count);
    for (size_t i = 0; i < count; ++i) rest[i] -= std::min(rest[i], values[i]);
    if (std::find(largest.begin(), largest.end(), index) == largest.end()) {
      ++others_count;
      for (size_t i = 0; i < count; ++i) others[i] += values[i];
      continue;
    }
    const std::string name = clean(report::plain_name(function_text(finding.site)));
    json["chart"].push_back(
        {{"label", std::to_string(index + 1) + " " + shortened(name, 48)}, {"live_bytes", values}});
  }
  if (others_count > 0) {
    json["chart"].push_back(
        {{"label", format_counted(static_cast<double>(others_count), "more finding")},
         {"live_bytes", others},
         {"others", true}});
  }
  json["rest_bytes"] = rest;
}

// Layers of the second chart: the parts of RSS, where every snapshot tells them.
void add_rss(const Report& report, Json& json) {
  json["rss"] = Json::array();
  if (report.snapshots.empty()) return;
  std::vector<std::vector<uint64_t>> layers;
  std::vector<const char*> names;
  for (const report::SnapshotLine& line : report.snapshots) {
    if (!line.parts) return;
    const std::vector<RssPart> parts = rss_parts(*line.parts);
    layers.resize(parts.size());
    names.resize(parts.size());
    for (size_t i = 0; i < parts.size(); ++i) {
      layers[i].push_back(parts[i].bytes);
      names[i] = parts[i].name;
    }
  }
  for (size_t i = 0; i < layers.size(); ++i) {
    if (*std::max_element(layers[i].begin(), layers[i].end()) == 0) continue;
    json["rss"].push_back({{"label", names[i]}, {"live_bytes", layers[i]}});
  }
  json["rss_sum"] = rss_text(report.snapshots[judged_count(report) - 1]);
  json["rss_change"] =
      rss_change_text(report.snapshots.front(), report.snapshots[judged_count(report) - 1]);
}

template <typename Value>
Json column(const CallTree& tree, Value CallTree::Leaf::*member) {
  Json json = Json::array();
  json.get_ref<Json::array_t&>().reserve(tree.leaves.size());
  for (const CallTree::Leaf& leaf : tree.leaves) json.push_back(leaf.*member);
  return json;
}

void add_tree(const Report& report, Json& json) {
  const CallTree tree = make_call_tree(report);
  json["names"] = Json::array();
  for (const CallTree::Name& name : tree.names) {
    json["names"].push_back({name.text, name.module, name.file});
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
                    {"allocated_blocks", column(tree, &Leaf::allocated_blocks)}}}};
  if (tree.stacks_summed > 0) {
    json["notes"].push_back("the flame graph has frames for the " +
                            format_count(static_cast<double>(tree.stacks_shown)) +
                            " weightiest stacks and sums the other " +
                            format_count(static_cast<double>(tree.stacks_summed)));
  }
  if (report.stacks.size() < report.stacks_total) {
    json["notes"].push_back("this page was made of " +
                            format_count(static_cast<double>(report.stacks.size())) + " of " +
                            format_count(static_cast<double>(report.stacks_total)) +
                            " stacks: the rest was filtered out");
  }
}

void add_processes(const Report& report, Json& json) {
  json["processes"] = Json::array();
  for (const report::ProcessLine& process : report.processes) {
    json["processes"].push_back(
        {{"name", clean(process.program) + " (" + std::to_string(process.pid) + ")"},
         {"path", clean(process.path)},
         {"snapshots", process.snapshots},
         {"first_live_bytes", process.first_live_bytes},
         {"last_live_bytes", process.last_live_bytes},
         {"leaks", process.leaks}});
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
                            {"why", clean(ruling.why)}});
  }
}

Json cleaned(const std::vector<std::string>& lines) {
  Json json = Json::array();
  for (const std::string& line : lines) json.push_back(clean(line));
  return json;
}

Json page_data(const Report& report) {
  Json json;
  json["program"] = clean(report.program);
  json["pid"] = report.pid;
  json["command"] = clean(report.command);
  json["start"] = start_of(report.start_realtime_ns);
  json["scope"] = scope_text(report);
  const std::string none_found = none_found_text(report);
  json["summary"] = report.findings.empty() ? none_found : summary_text(report);
  json["none_found"] = none_found;
  json["growth_known"] = report.judged_snapshots >= 2;
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
  add_chart(report, json);
  add_rss(report, json);
  add_processes(report, json);
  add_gate(report, json);
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
  return html_page() ? "" : "this silt was built without npm and has no HTML page in it";
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
