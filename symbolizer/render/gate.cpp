// SPDX-License-Identifier: Apache-2.0
//
// Formats for machines that guard a merge: JUnit XML, GitHub annotations, SARIF. A report without a
// gate's outcome treats leaks as failures; with one (from `silt check`), what broke the policy.

#include <algorithm>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>
#include <sstream>

#include "symbolizer/base/quantity.h"
#include "symbolizer/render/escape.h"
#include "symbolizer/render/headline.h"
#include "symbolizer/render/heap_growth_words.h"
#include "symbolizer/render/reason_words.h"
#include "symbolizer/render/render.h"
#include "symbolizer/render/sarif_places.h"
#include "symbolizer/render/type_words.h"
#include "symbolizer/render/words.h"

namespace silt::render {
namespace {

using Json = nlohmann::ordered_json;
using report::Finding;
using report::Report;
using report::Verdict;

std::string site_name(const Finding& finding) { return clean(short_finding_name(finding)); }

std::string headline(const Finding& finding) {
  const std::string own = headline_text(finding);
  if (!own.empty()) return clean(own);
  return std::string(report::verdict_word(finding.verdict)) + " in " + site_name(finding) + ": " +
         pace_text(finding);
}

const report::StackLine* stack_of(const Report& report, read::StackId id) {
  for (const report::StackLine& stack : report.stacks) {
    if (stack.id == id && !stack.frames.empty()) return &stack;
  }
  return nullptr;
}

std::string details(const Report& report, const Finding& finding) {
  std::string text = clean(reason_text(finding.why)) + "\n";
  text += format_percent(finding.confidence) + " sure\n";
  const std::string limit = limit_text(report, finding);
  if (!limit.empty()) text += limit + "\n";
  const std::string types = types_text(finding.types, 3);
  if (!types.empty()) text += "types: " + types + "\n";
  for (const std::string& owner : owner_texts(finding.owners, 3)) text += clean(owner) + "\n";
  for (const read::StackId id : finding.stacks) {
    const report::StackLine* stack = stack_of(report, id);
    if (stack == nullptr) continue;
    text += "\n";
    for (const symbolize::Frame& frame : stack->frames) {
      const std::string place = clean(place_text(frame));
      text += "  " + clean(function_text(frame)) + (place.empty() ? "" : "  " + place) + "\n";
    }
    break;
  }
  return text;
}

const report::Ruling* ruling_of(const Report& report, size_t finding) {
  for (const report::Ruling& ruling : report.gate.rulings) {
    if (ruling.finding && *ruling.finding == finding) return &ruling;
  }
  return nullptr;
}

bool fails(const Report& report, size_t index) {
  if (!report.gate.ran) return report.findings[index].verdict == Verdict::kLeak;
  const report::Ruling* ruling = ruling_of(report, index);
  return ruling != nullptr && ruling->outcome == report::Outcome::kBroken;
}

std::string excuse(const Report& report, size_t index) {
  const report::Ruling* ruling = ruling_of(report, index);
  return ruling != nullptr && ruling->outcome == report::Outcome::kExcused ? ruling->why : "";
}

}  // namespace

std::string render_junit(const Report& report) {
  pugi::xml_document document;
  pugi::xml_node declaration = document.append_child(pugi::node_declaration);
  declaration.append_attribute("version") = "1.0";
  declaration.append_attribute("encoding") = "UTF-8";
  pugi::xml_node suites = document.append_child("testsuites");
  suites.append_attribute("name") = "silt";
  pugi::xml_node suite = suites.append_child("testsuite");
  const std::string program = clean(report.program);
  suite.append_attribute("name") = ("silt: " + program).c_str();
  size_t tests = 0;
  size_t failures = 0;
  size_t skipped = 0;
  const auto add_case = [&](const std::string& name) {
    pugi::xml_node test = suite.append_child("testcase");
    test.append_attribute("classname") = ("silt." + program).c_str();
    test.append_attribute("name") = name.c_str();
    test.append_attribute("time") = report.judged_seconds;
    ++tests;
    return test;
  };
  const auto fail = [&](pugi::xml_node test, const std::string& message, const std::string& body) {
    pugi::xml_node failure = test.append_child("failure");
    failure.append_attribute("message") = message.c_str();
    failure.append_attribute("type") = "memory growth";
    failure.append_child(pugi::node_pcdata).set_value(body.c_str());
    ++failures;
  };
  for (size_t i = 0; i < report.findings.size(); ++i) {
    const Finding& finding = report.findings[i];
    pugi::xml_node test = add_case(site_name(finding));
    const std::string place = clean(finding.site.file);
    if (!place.empty()) {
      test.append_attribute("file") = place.c_str();
      if (finding.site.line != 0) test.append_attribute("line") = finding.site.line;
    }
    const std::string why = excuse(report, i);
    if (fails(report, i)) {
      fail(test, headline(finding), details(report, finding));
    } else if (!why.empty()) {
      test.append_child("skipped").append_attribute("message") = clean(why).c_str();
      ++skipped;
    } else {
      test.append_child("system-out")
          .append_child(pugi::node_pcdata)
          .set_value((headline(finding) + "\n" + details(report, finding)).c_str());
    }
  }
  for (const report::Ruling& ruling : report.gate.rulings) {
    if (ruling.finding) continue;
    pugi::xml_node test = add_case(clean(ruling.rule));
    if (ruling.outcome == report::Outcome::kBroken) fail(test, clean(ruling.why), "");
    if (ruling.outcome == report::Outcome::kInconclusive) {
      test.append_child("skipped").append_attribute("message") = clean(ruling.why).c_str();
      ++skipped;
    }
  }
  // A suite without a case would be shown as nothing having run.
  if (tests == 0) add_case("memory does not grow");
  suite.append_attribute("tests") = tests;
  suite.append_attribute("failures") = failures;
  suite.append_attribute("errors") = 0;
  suite.append_attribute("skipped") = skipped;
  suite.append_attribute("time") = report.judged_seconds;
  suites.append_attribute("tests") = tests;
  suites.append_attribute("failures") = failures;
  std::string scope;
  for (const std::string& line : report.honesty) scope += clean(line) + "\n";
  for (const report::HeapGrowthLine& line : report.heap_growth) {
    scope += clean(heap_growth_text(report, line)) + "\n";
    for (const std::string& owner : owner_texts(line.owners, 3)) scope += clean(owner) + "\n";
  }
  for (const std::string& line : report.notes) scope += "note: " + clean(line) + "\n";
  suite.append_child("system-out").append_child(pugi::node_pcdata).set_value(scope.c_str());
  std::ostringstream out;
  document.save(out, "  ");
  return out.str();
}

std::string render_github(const Report& report) {
  std::string text;
  for (size_t i = 0; i < report.findings.size(); ++i) {
    const Finding& finding = report.findings[i];
    const bool failed = fails(report, i);
    const bool rises = report::rises(finding.verdict);
    if (!failed && !rises) continue;
    text += failed ? "::error " : excuse(report, i).empty() ? "::warning " : "::notice ";
    if (!finding.site.file.empty()) {
      text += "file=" + github_property(clean(relative_path(finding.site.file)));
      if (finding.site.line != 0) text += ",line=" + std::to_string(finding.site.line);
      text += ",";
    }
    text += "title=" + github_property("silt: " + headline(finding));
    std::string message = details(report, finding);
    const std::string why = excuse(report, i);
    if (!why.empty()) message = clean(why) + "\n" + message;
    while (!message.empty() && message.back() == '\n') message.pop_back();
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
    text = "::notice title=" + github_property("silt: " + clean(report.program)) +
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

}  // namespace

std::string render_sarif(const Report& report) {
  Json results = Json::array();
  for (size_t i = 0; i < report.findings.size(); ++i) {
    const Finding& finding = report.findings[i];
    Json result;
    result["ruleId"] = report::verdict_word(finding.verdict);
    const bool rises = report::rises(finding.verdict);
    result["level"] = fails(report, i) ? "error" : rises ? "warning" : "note";
    result["message"]["text"] = headline(finding) + ". " + clean(reason_text(finding.why));
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
    const std::string why = excuse(report, i);
    if (!why.empty()) {
      result["suppressions"] = Json::array({{{"kind", "external"}, {"justification", clean(why)}}});
    }
    result["properties"] = {
        {"confidence", finding.confidence},
        {"growthBytes", finding.growth_bytes},
        {"bytesPerHour", finding.bytes_per_hour ? Json(*finding.bytes_per_hour) : Json(nullptr)}};
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
  Json json;
  json["$schema"] = "https://json.schemastore.org/sarif-2.1.0.json";
  json["version"] = "2.1.0";
  json["runs"] = Json::array({std::move(run)});
  return json_text(json.dump(1, ' ', false, Json::error_handler_t::replace)) + "\n";
}

}  // namespace silt::render
