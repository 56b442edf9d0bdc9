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
#include "symbolizer/render/words.h"

namespace silt::render {
namespace {

using Json = nlohmann::ordered_json;
using report::Finding;
using report::Report;

}  // namespace

std::string render_github(const Report& report) {
  std::string text;
  for (size_t i = 0; i < report.findings.size(); ++i) {
    const Finding& finding = report.findings[i];
    const bool failed = finding_fails(report, i);
    const bool rises = report::rises(finding.verdict);
    if (!failed && !rises) continue;
    text += failed ? "::error " : finding_excuse(report, i).empty() ? "::warning " : "::notice ";
    if (!finding.site.file.empty()) {
      text += "file=" + github_property(clean(relative_path(finding.site.file)));
      if (finding.site.line != 0) text += ",line=" + std::to_string(finding.site.line);
      text += ",";
    }
    text += "title=" + github_property("silt: " + finding_headline(finding));
    std::string message = finding_details(report, finding);
    const std::string why = finding_excuse(report, i);
    if (!why.empty()) message = clean(why) + "\n" + message;
    while (!message.empty() && message.back() == '\n') message.pop_back();
    if (!report.labels.empty()) message += "\nlabels: " + clean(labels_text(report.labels));
    text += "::" + github_message(message) + "\n";
  }
  for (const report::Ruling& ruling : report.gate.rulings) {
    if (ruling.finding || ruling.outcome == report::Outcome::kPassed) continue;
    const bool broken = ruling.outcome == report::Outcome::kBroken;
    text += std::string(broken ? "::error" : "::warning") +
            " title=" + github_property("silt: " + clean(ruling.rule)) +
            "::" + github_message(clean(ruling.why)) + "\n";
  }
  if (text.empty()) {
    text = "::notice title=" + github_property("silt: " + clean(programs_text(report))) +
           "::" + github_message(clean(none_found_text(report))) + "\n";
  }
  return text;
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
    Json location;
    if (!finding.site.file.empty()) {
      location["physicalLocation"]["artifactLocation"]["uri"] =
          percent_encoded(relative_path(finding.site.file));
      if (finding.site.line != 0) {
        location["physicalLocation"]["region"]["startLine"] = finding.site.line;
      }
    }
    location["logicalLocations"] = Json::array({{{"fullyQualifiedName", site_name(finding)}}});
    result["locations"] = Json::array({location});
    for (Json& owner : owner_locations(finding)) {
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
  run["tool"]["driver"] = {{"name", "silt"}, {"rules", std::move(rules)}};
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
