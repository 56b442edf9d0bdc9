// SPDX-License-Identifier: Apache-2.0
//
// JUnit XML: a suite for each process, a test case for each of its findings. What was ruled about
// the run as a whole, and what it says of itself, is in the only process's suite, or in one of its
// own beside those of several. Jenkins' schema knows no place of a test case, and GitLab links the
// file of one: the two want dialects.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <pugixml.hpp>
#include <sstream>
#include <unordered_map>

#include "symbolizer/render/escape.h"
#include "symbolizer/render/gate_words.h"
#include "symbolizer/render/heap_growth_words.h"
#include "symbolizer/render/owner_words.h"
#include "symbolizer/render/process_words.h"
#include "symbolizer/render/render.h"
#include "symbolizer/render/rss_words.h"
#include "symbolizer/render/sarif_places.h"
#include "symbolizer/render/shown_line.h"
#include "symbolizer/render/words.h"

namespace silt::render {
namespace {

using report::Finding;
using report::Report;
using report::Verdict;

// kPlaces: a case has `file` and `line`, as GitLab reads and other readers pass over.
enum class Dialect { kPlaces, kSchema };

// Three decimals, as Jenkins' schema has it.
std::string seconds_text(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", std::isfinite(seconds) ? seconds : 0.0);
  return text;
}

struct Counts {
  size_t tests = 0;
  size_t failures = 0;
};

class Suite {
 public:
  Suite(pugi::xml_node suites, const std::string& name, const std::string& program, double seconds,
        Dialect dialect)
      : node_(suites.append_child("testsuite")),
        class_name_("silt." + program),
        seconds_(seconds_text(seconds)),
        dialect_(dialect) {
    node_.append_attribute("name") = ("silt: " + name).c_str();
  }

  // Comes before the cases, as the schema has it.
  void properties(uint32_t pid, const std::vector<read::Label>& labels) {
    pugi::xml_node all = node_.append_child("properties");
    const auto add = [&all](const std::string& name, const std::string& value) {
      pugi::xml_node property = all.append_child("property");
      property.append_attribute("name") = clean(name).c_str();
      property.append_attribute("value") = clean(value).c_str();
    };
    add("pid", std::to_string(pid));
    for (const read::Label& label : labels) add(label.key, label.value);
  }

  void finding(const Report& report, size_t index, bool fails) {
    const Finding& finding = report.findings[index];
    pugi::xml_node test = add_case(site_name(finding));
    const std::string place = clean(repository_path(report, finding.site));
    if (!place.empty() && dialect_ == Dialect::kPlaces) {
      test.append_attribute("file") = place.c_str();
      const uint32_t line = shown_line(finding.site);
      if (line != 0) test.append_attribute("line") = line;
    }
    const std::string why = finding_excuse(report, index);
    if (fails) {
      fail(test, finding_headline(finding), finding_details(report, finding));
    } else if (!why.empty()) {
      skip(test, why);
    } else {
      test.append_child("system-out")
          .append_child(pugi::node_pcdata)
          .set_value((finding_headline(finding) + "\n" + finding_details(report, finding)).c_str());
    }
  }

  void run_rulings(const Report& report) {
    for (const report::Ruling& ruling : report.gate.rulings) {
      if (ruling.finding) continue;
      pugi::xml_node test = add_case(clean(ruling.rule));
      if (ruling.outcome == report::Outcome::kBroken)
        fail(test, clean(ruling.why), clean(ruling.why));
      if (ruling.outcome == report::Outcome::kInconclusive) skip(test, ruling.why);
    }
  }

  // A suite without a case would be shown as nothing having run. `unknown`: why it cannot be said
  // that nothing grows; a run too short has not passed.
  Counts finish(const std::string& scope, const std::string& unknown) {
    if (counts_.tests == 0) {
      const pugi::xml_node test = add_case("memory does not grow");
      if (!unknown.empty()) skip(test, unknown);
    }
    node_.append_attribute("tests") = counts_.tests;
    node_.append_attribute("failures") = counts_.failures;
    node_.append_attribute("errors") = 0;
    node_.append_attribute("skipped") = skipped_;
    node_.append_attribute("time") = seconds_.c_str();
    node_.append_child("system-out").append_child(pugi::node_pcdata).set_value(scope.c_str());
    return counts_;
  }

 private:
  // GitLab keeps one case of those with the same class and name.
  std::string own_name(const std::string& name) {
    const size_t same = ++names_[name];
    return same == 1 ? name : name + " (" + std::to_string(same) + ")";
  }

  pugi::xml_node add_case(const std::string& name) {
    pugi::xml_node test = node_.append_child("testcase");
    test.append_attribute("classname") = class_name_.c_str();
    test.append_attribute("name") = own_name(name).c_str();
    test.append_attribute("time") = seconds_.c_str();
    ++counts_.tests;
    return test;
  }

  void fail(pugi::xml_node test, const std::string& message, const std::string& body) {
    pugi::xml_node failure = test.append_child("failure");
    failure.append_attribute("message") = message.c_str();
    failure.append_attribute("type") = "memory growth";
    failure.append_child(pugi::node_pcdata).set_value(body.c_str());
    ++counts_.failures;
  }

  void skip(pugi::xml_node test, const std::string& why) {
    pugi::xml_node skipped = test.append_child("skipped");
    skipped.append_attribute("message") = clean(why).c_str();
    // GitLab shows the text and not the attribute.
    skipped.append_child(pugi::node_pcdata).set_value(clean(why).c_str());
    ++skipped_;
  }

  pugi::xml_node node_;
  std::string class_name_;
  std::string seconds_;
  Dialect dialect_;
  std::unordered_map<std::string, size_t> names_;
  Counts counts_;
  size_t skipped_ = 0;
};

std::string scope_of(const Report& report) {
  std::string scope;
  for (const std::string& line : report.honesty) scope += clean(line) + "\n";
  for (const report::HeapGrowthLine& line : report.heap_growth) {
    scope += clean(heap_growth_text(report, line)) + "\n";
    for (const std::string& owner : owner_texts(line.owners, 3)) scope += clean(owner) + "\n";
  }
  for (const std::string& line : report.notes) scope += "note: " + clean(line) + "\n";
  return scope;
}

// A finding that fails does so where it grows; one that breaks a policy without growing anywhere
// does so in each process that has it.
bool fails_in(const Report& report, size_t index, const report::Share& share) {
  if (!finding_fails(report, index)) return false;
  if (!report.gate.ran) return share.verdict == Verdict::kLeak;
  const std::vector<report::Share>& shares = report.findings[index].shares;
  const bool grows = std::any_of(shares.begin(), shares.end(), [](const report::Share& one) {
    return report::rises(one.verdict);
  });
  return !grows || report::rises(share.verdict);
}

Counts add_process(const Report& report, size_t process, pugi::xml_node suites, Dialect dialect) {
  const report::ProcessLine& line = report.processes[process];
  const double seconds = line.last().elapsed_seconds - line.first().elapsed_seconds;
  Suite suite(suites, clean(process_name(line)), clean(line.program), seconds, dialect);
  suite.properties(line.pid, line.labels);
  for (size_t i = 0; i < report.findings.size(); ++i) {
    for (const report::Share& share : report.findings[i].shares) {
      if (share.process == process) suite.finding(report, i, fails_in(report, i, share));
    }
  }
  std::string scope = process_outcome(line) + "\n";
  const std::string sum = rss_text(line.last());
  if (!sum.empty()) scope += sum + "\n";
  return suite.finish(scope, line.judged ? "" : "too short for a verdict");
}

std::string rendered(const Report& report, Dialect dialect) {
  pugi::xml_document document;
  pugi::xml_node declaration = document.append_child(pugi::node_declaration);
  declaration.append_attribute("version") = "1.0";
  declaration.append_attribute("encoding") = "UTF-8";
  pugi::xml_node suites = document.append_child("testsuites");
  suites.append_attribute("name") = "silt";
  Counts all;
  const auto add = [&all](const Counts& counts) {
    all.tests += counts.tests;
    all.failures += counts.failures;
  };
  for (size_t process = 0; process < report.processes.size(); ++process) {
    add(add_process(report, process, suites, dialect));
  }
  const std::string program = clean(programs_text(report));
  const bool several = !report.processes.empty();
  const bool rulings =
      std::any_of(report.gate.rulings.begin(), report.gate.rulings.end(),
                  [](const report::Ruling& ruling) { return !ruling.finding.has_value(); });
  if (!several || rulings || !scope_of(report).empty()) {
    Suite suite(suites, several ? clean(title_text(report)) : program, program,
                report.judged_seconds, dialect);
    if (!several) suite.properties(report.pid, report.labels);
    for (size_t i = 0; i < report.findings.size() && !several; ++i) {
      suite.finding(report, i, finding_fails(report, i));
    }
    suite.run_rulings(report);
    const bool judged = report.detectable_blocks_per_hour || report.detectable_bytes_per_hour;
    add(suite.finish(scope_of(report), judged || several ? "" : none_found_text(report)));
  }
  suites.append_attribute("tests") = all.tests;
  suites.append_attribute("failures") = all.failures;
  std::ostringstream out;
  document.save(out, "  ");
  return out.str();
}

}  // namespace

std::string render_junit(const Report& report) { return rendered(report, Dialect::kPlaces); }
std::string render_jenkins(const Report& report) { return rendered(report, Dialect::kSchema); }

}  // namespace silt::render
