// SPDX-License-Identifier: Apache-2.0
//
// Two processes in one report: in no format is one credited with what the other has.

#include "symbolizer/render/process_words.h"

#include <catch2/catch.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>
#include <string>

#include "symbolizer/render/profile.pb.h"
#include "symbolizer/render/render.h"
#include "symbolizer/report/compare.h"
#include "test/symbolizer/render/gunzip.h"
#include "test/symbolizer/render/sample_report.h"

namespace silt::test {
namespace {

using report::Report;
using report::Verdict;

// The sample's process beside a worker in which nothing grows.
Report two_processes() {
  Report shop = sample();
  Report worker = sample();
  worker.pid = 4712;
  worker.program = "worker";
  worker.heap_growth.clear();
  worker.findings.resize(1);
  worker.findings[0].verdict = Verdict::kBounded;
  worker.stacks.resize(1);
  for (report::SnapshotLine& line : worker.snapshots) {
    line.rss_bytes = 9000000;
    line.parts.emplace();
    line.parts->files = 9000000;
  }
  return report::combine({worker, shop}, {"silt.worker.4712", "silt.shop.4711"});
}

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("the title names all programs, and those that leak are told first") {
  const Report report = two_processes();
  CHECK(render::title_text(report) == "worker, shop (2 processes)");
  CHECK(render::fastest_first(report) == std::vector<size_t>{1, 0});
  CHECK(render::process_verdict(report.processes[0]) == "no growth");
  CHECK(render::process_verdict(report.processes[1]) == "leak");
}

TEST_CASE("Markdown and the full text tell each process's own memory as a sum") {
  const Report report = two_processes();
  CHECK(count(render::render_text(report, {}), "RSS 9.0 MB = files") == 0);
  for (std::string text :
       {render::render_text(report, {.full = true}), render::render_markdown(report)}) {
    std::erase(text, '\\');  // Markdown escapes
    CAPTURE(text);
    CHECK(count(text, "RSS 9.0 MB = files 9.0 MB") == 1);
    CHECK(text.find("worker (pid 4712)") != std::string::npos);
    CHECK(text.find("shop (pid 4711)") < text.find("worker (pid 4712)"));
  }
}

TEST_CASE("in many processes only those that grow are told one by one") {
  std::vector<Report> reports(40, sample());
  std::vector<std::string> paths;
  for (size_t i = 0; i < reports.size(); ++i) {
    reports[i].pid = static_cast<uint32_t>(i + 1);
    if (i != 25) reports[i].findings.clear();
    paths.push_back("silt.shop." + std::to_string(i));
  }
  const Report report = report::combine(reports, paths);
  const std::string text = render::render_text(report, {});
  CHECK(text.find("shop (pid 26)") < text.find("shop (pid 1)"));
  CHECK(text.find("and 28 more, none of which grows") != std::string::npos);
  CHECK(text.find("shop (pid 40)") == std::string::npos);
  CHECK(count(render::render_text(report, {.full = true}), "RSS 21 MB = ") == 40);
}

TEST_CASE("each process has a JUnit suite, and fails for its own leaks") {
  pugi::xml_document document;
  REQUIRE(document.load_string(render::render_junit(two_processes()).c_str()));
  std::map<std::string, int> failures;
  for (const pugi::xml_node suite : document.child("testsuites")) {
    failures[suite.attribute("name").value()] = suite.attribute("failures").as_int();
  }
  CHECK(failures == std::map<std::string, int>{{"silt: worker (pid 4712)", 0},
                                               {"silt: shop (pid 4711)", 2},
                                               {"silt: worker, shop (2 processes)", 0}});
  CHECK(document.child("testsuites").attribute("failures").as_int() == 2);
}

TEST_CASE("each sample of a profile says of which process it is") {
  pprof::Profile profile;
  REQUIRE(profile.ParseFromString(gunzip(render::render_pprof(two_processes()))));
  std::map<std::string, int> samples;
  for (const pprof::Sample& sample : profile.sample()) {
    for (const pprof::Label& label : sample.label()) {
      const auto text = [&profile](int64_t at) {
        return profile.string_table(static_cast<int>(at));
      };
      if (text(label.key()) == "pid") ++samples[text(label.str())];
    }
  }
  CHECK(samples == std::map<std::string, int>{{"4711", 3}, {"4712", 1}});
}

TEST_CASE("JSON and SARIF say what is of which process") {
  const auto json = nlohmann::json::parse(render::render_json(two_processes()));
  REQUIRE(json["processes"].size() == 2);
  CHECK(json["processes"][0]["who"] == "pid 4712");
  CHECK(json["processes"][0]["verdict"] == "no growth");
  CHECK(json["processes"][0]["rss"]["files"] == 9000000);
  CHECK(json["processes"][0]["rss_bytes"].size() == 8);
  CHECK(json["processes"][1]["elapsed_seconds"][7] == 7);
  std::map<int, int> stacks;
  for (const auto& stack : json["stacks"]) ++stacks[stack["process"].get<int>()];
  CHECK(stacks == std::map<int, int>{{0, 1}, {1, 3}});
  const auto sarif = nlohmann::json::parse(render::render_sarif(two_processes()));
  const auto& run = sarif["runs"][0];
  CHECK(run["properties"]["processes"][1]["process"] == "shop (pid 4711)");
  for (const auto& result : run["results"]) {
    for (const auto& share : result["properties"]["processes"]) {
      CHECK((result["level"] != "error" || share["process"] == "shop (pid 4711)" ||
             share["verdict"] != "leak"));
    }
  }
}

}  // namespace silt::test
