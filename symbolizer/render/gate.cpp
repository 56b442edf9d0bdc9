// SPDX-License-Identifier: Apache-2.0
//
// Formats for machines that guard a merge: GitHub annotations, SARIF. A report without a gate's
// outcome treats leaks as failures; with one (from `silt check`), what broke the policy.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "symbolizer/render/escape.h"
#include "symbolizer/render/gate_words.h"
#include "symbolizer/render/process_words.h"
#include "symbolizer/render/reason_words.h"
#include "symbolizer/render/render.h"
#include "symbolizer/render/sarif_places.h"
#include "symbolizer/render/shown_line.h"
#include "symbolizer/render/version.h"
#include "symbolizer/render/words.h"

namespace silt::render {
namespace {

using Json = nlohmann::ordered_json;
using report::Finding;
using report::Report;

}  // namespace

namespace {

// GitHub's limits of one step: so many annotations of each kind are shown, and no more of a title.
constexpr size_t kMostShown = 10;
constexpr size_t kLongestTitle = 255;
constexpr size_t kLongestMessage = 60'000;  // bytes; 64 KiB are stored

struct Annotation {
  std::string kind;   // "error", "warning", "notice"
  std::string place;  // "file=…,line=…," or ""
  std::string title;
  std::string message;

  std::string line() const {
    std::string told = message;
    while (!told.empty() && told.back() == '\n') told.pop_back();
    if (told.size() > kLongestMessage) {
      const size_t line_end = told.rfind('\n', kLongestMessage);
      told.resize(line_end == std::string::npos ? kLongestMessage : line_end);
      told += "\nMore than GitHub shows: the rest is in the report.";
    }
    return "::" + kind + " " + place +
           "title=" + github_property(shortened("silt: " + title, kLongestTitle)) +
           "::" + github_message(told) + "\n";
  }
};

// What GitHub does not show of one kind, in an annotation of its own; its names are those of files.
Annotation told_together(const std::vector<const Annotation*>& hidden) {
  std::string message = "GitHub shows " + std::to_string(kMostShown) +
                        " annotations of a kind; these are in the step's log and in the report:";
  for (const Annotation* one : hidden) message += "\n" + one->title;
  return {hidden.front()->kind, "", std::to_string(hidden.size()) + " more of this kind", message};
}

// All of them, in order. Where there are too many of one kind, the last that GitHub shows of it
// names those that it does not, which follow for the log.
std::string annotations_text(const std::vector<Annotation>& all) {
  std::string text;
  for (const char* kind : {"error", "warning", "notice"}) {
    std::vector<const Annotation*> some;
    for (const Annotation& one : all) {
      if (one.kind == kind) some.push_back(&one);
    }
    const bool too_many = some.size() > kMostShown;
    const size_t shown = too_many ? kMostShown - 1 : some.size();
    for (size_t i = 0; i < shown; ++i) text += some[i]->line();
    if (!too_many) continue;
    const std::vector<const Annotation*> hidden(some.begin() + kMostShown - 1, some.end());
    text += told_together(hidden).line();
    for (const Annotation* one : hidden) text += one->line();
  }
  return text;
}

}  // namespace

std::string render_github(const Report& report) {
  std::vector<Annotation> all;
  for (size_t i = 0; i < report.findings.size(); ++i) {
    const Finding& finding = report.findings[i];
    const bool failed = finding_fails(report, i);
    if (!failed && !report::rises(finding.verdict)) continue;
    const std::string why = finding_excuse(report, i);
    Annotation one;
    one.kind = failed ? "error" : why.empty() ? "warning" : "notice";
    if (!finding.site.file.empty()) {
      one.place = "file=" + github_property(clean(repository_path(report, finding.site)));
      const uint32_t line = shown_line(finding.site);
      if (line != 0) one.place += ",line=" + std::to_string(line);
      one.place += ",";
    }
    one.title = finding_headline(finding);
    one.message = (why.empty() ? "" : clean(why) + "\n") + finding_details(report, finding);
    while (!one.message.empty() && one.message.back() == '\n') one.message.pop_back();
    if (!report.labels.empty()) one.message += "\nlabels: " + clean(labels_text(report.labels));
    all.push_back(std::move(one));
  }
  for (const report::Ruling& ruling : report.gate.rulings) {
    if (ruling.finding || ruling.outcome == report::Outcome::kPassed) continue;
    const bool broken = ruling.outcome == report::Outcome::kBroken;
    all.push_back({broken ? "error" : "warning", "", clean(ruling.rule), clean(ruling.why)});
  }
  if (all.empty()) {
    all.push_back({"notice", "", clean(programs_text(report)), clean(none_found_text(report))});
  }
  return annotations_text(all);
}

namespace {

// What GitHub shows of each verdict beside a finding.
struct Rule {
  const char* id;
  const char* name;
  const char* title;
  const char* meaning;
  const char* help;
};

constexpr Rule kRules[] = {
    {"leak", "MemoryLeak", "Memory that is never freed and grows in every window",
     "Blocks allocated at this place are kept for good: their number grew throughout the run, and "
     "those that were kept were not freed later.",
     "Find what keeps the blocks ('silt dump --owners PID' names it) and remove them from there "
     "when they are no longer needed."},
    {"growing", "MemoryGrowth", "Memory that grows, with too little evidence to call it a leak",
     "What this place allocates grew during the run, but the run was too short or the growth too "
     "uneven to tell whether it ends.",
     "Record for longer, under steady load, until the verdict is leak or bounded."},
    {"bounded", "BoundedMemory", "Memory that rose and then stayed at a bound",
     "What this place allocates rose, as a cache or pool does while it fills, and then stayed.",
     "Nothing has to be done unless the bound is larger than it should be."},
    {"sawtooth", "SawtoothMemory", "Memory that rises and is released in bulk",
     "What this place allocates is released now and then, all at once.",
     "Nothing has to be done unless its peaks are larger than they should be."},
    {"steady", "SteadyMemory", "Memory that does not grow",
     "What this place allocates stays about the same.", "Nothing has to be done."},
    {"retained", "RetainedMemory", "Freed memory that the allocator holds; no leak",
     "The program has freed this memory, and its allocator has not given it back to the system.",
     "Nothing has to be done in the program; the allocator's settings decide what it holds."}};

Json labels_of(const std::vector<read::Label>& labels) {
  Json json = Json::object();
  for (const read::Label& label : labels) json[clean(label.key)] = clean(label.value);
  return json;
}

}  // namespace

std::string render_sarif(const Report& report) {
  Json results = Json::array();
  for (size_t i = 0; i < report.findings.size(); ++i) {
    const Finding& finding = report.findings[i];
    Json result;
    result["ruleId"] = report::verdict_word(finding.verdict);
    const bool rises = report::rises(finding.verdict);
    result["level"] = finding_fails(report, i) ? "error" : rises ? "warning" : "note";
    result["message"]["text"] = finding_headline(finding) + ". " + clean(reason_text(finding.why));
    result["locations"] = Json::array({location_of(report, finding.site, site_name(finding))});
    Json stacks = stacks_of(report, finding);
    if (!stacks.empty()) result["stacks"] = std::move(stacks);
    for (Json& owner : owner_locations(report, finding)) {
      result["relatedLocations"].push_back(std::move(owner));
    }
    // Stays the same when lines move, so that a finding is not new in each build.
    result["partialFingerprints"]["siltSite/v1"] =
        heap_word(finding.heap) + ":" + site_name(finding);
    if (finding.change != report::Change::kNotCompared) {
      result["baselineState"] = finding.change == report::Change::kNew     ? "new"
                                : finding.change == report::Change::kWorse ? "updated"
                                                                           : "unchanged";
    }
    const std::string why = finding_excuse(report, i);
    if (!why.empty()) {
      result["suppressions"] = Json::array({{{"kind", "external"}, {"justification", clean(why)}}});
    }
    result["properties"] = {
        {"confidence", finding.confidence},
        {"growthBytes", finding.growth_bytes},
        {"bytesPerHour", finding.bytes_per_hour ? Json(*finding.bytes_per_hour) : Json(nullptr)}};
    for (const report::Share& share : finding.shares) {
      result["properties"]["processes"].push_back(
          {{"process", clean(process_name(report.processes[share.process]))},
           {"verdict", report::verdict_word(share.verdict)},
           {"growthBytes", share.growth_bytes}});
    }
    results.push_back(std::move(result));
  }
  Json rules = Json::array();
  for (const Rule& rule : kRules) {
    rules.push_back({{"id", rule.id},
                     {"name", rule.name},
                     {"shortDescription", {{"text", rule.title}}},
                     {"fullDescription", {{"text", rule.meaning}}},
                     {"help", {{"text", rule.help}}}});
  }
  Json run;
  run["tool"]["driver"] = {
      {"name", "silt"}, {"semanticVersion", tool_version()}, {"rules", std::move(rules)}};
  run["results"] = std::move(results);
  for (const report::ProcessLine& process : report.processes) {
    run["properties"]["processes"].push_back({{"process", clean(process_name(process))},
                                              {"verdict", process_verdict(process)},
                                              {"labels", labels_of(process.labels)}});
  }
  if (!report.labels.empty()) run["properties"]["labels"] = labels_of(report.labels);
  Json json;
  json["$schema"] = "https://json.schemastore.org/sarif-2.1.0.json";
  json["version"] = "2.1.0";
  json["runs"] = Json::array({std::move(run)});
  return json_text(json.dump(1, ' ', false, Json::error_handler_t::replace)) + "\n";
}

}  // namespace silt::render
