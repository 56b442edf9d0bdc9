// SPDX-License-Identifier: Apache-2.0
//
// What single formats promise their readers: bounds, dialects, and places in a repository.

#include "symbolizer/render/formats.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>
#include <regex>
#include <sstream>

#include "symbolizer/render/render.h"
#include "test/symbolizer/render/sample_report.h"

namespace silt::test {
namespace {

using report::Finding;
using report::Report;
using report::Verdict;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// As sample(), with its first finding's source in a checkout.
Report in_a_checkout() {
  Report report = sample();
  report.findings[0].site.file = "../src/session.cpp";
  report.findings[0].site.folder = "/builds/shop/build";
  report.sources["/builds/shop/src/session.cpp"] = {"/home/me/shop/src/session.cpp",
                                                    "src/session.cpp"};
  return report;
}

TEST_CASE("annotations, SARIF and JUnit tell the path in the repository") {
  const Report report = in_a_checkout();
  CHECK_THAT(render::render_github(report), Catch::Contains("file=src/session.cpp,line="));
  const auto sarif = nlohmann::json::parse(render::render_sarif(report));
  const auto& result = sarif["runs"][0]["results"][0];
  CHECK(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "src/session.cpp");
  CHECK_THAT(render::render_junit(report), Catch::Contains("file=\"src/session.cpp\""));
}

TEST_CASE("SARIF has the stacks of a finding, innermost frame first") {
  const Report report = sample();
  const auto sarif = nlohmann::json::parse(render::render_sarif(report));
  const auto& stacks = sarif["runs"][0]["results"][0]["stacks"];
  REQUIRE(stacks.size() == report.findings[0].stacks.size());
  const auto& frames = stacks[0]["frames"];
  REQUIRE(frames.size() == report.stacks[0].frames.size());
  CHECK(frames[0]["location"]["logicalLocations"][0]["fullyQualifiedName"] ==
        "std::map<int, Session>::emplace(int&&)");
}

TEST_CASE("JUnit for Jenkins has nothing that its schema does not know") {
  pugi::xml_document document;
  REQUIRE(document.load_string(render::render_jenkins(in_a_checkout()).c_str()));
  const std::regex time("[0-9]+\\.[0-9]{3}");
  size_t cases = 0;
  for (const pugi::xml_node suite : document.child("testsuites").children("testsuite")) {
    CHECK(std::regex_match(suite.attribute("time").value(), time));
    for (const pugi::xml_node test : suite.children("testcase")) {
      ++cases;
      for (const pugi::xml_attribute attribute : test.attributes()) {
        const std::string name = attribute.name();
        CHECK((name == "classname" || name == "name" || name == "time"));
      }
      CHECK(std::regex_match(test.attribute("time").value(), time));
    }
  }
  CHECK(cases == 4);
}

TEST_CASE("JUnit of a run too short for a verdict has not passed") {
  Report report = sample();
  report.findings.clear();
  report.gate.rulings.clear();
  report.detectable_blocks_per_hour.reset();
  report.detectable_bytes_per_hour.reset();
  pugi::xml_document document;
  REQUIRE(document.load_string(render::render_junit(report).c_str()));
  const pugi::xml_node suite = document.child("testsuites").child("testsuite");
  CHECK(suite.attribute("skipped").as_int() == 1);
  CHECK(suite.child("testcase").child("skipped").attribute("message").value() ==
        std::string("too short to tell whether anything leaks"));
}

Report with_leaks(size_t count) {
  Report report = sample();
  const Finding leak = report.findings[0];
  report.findings.assign(count, leak);
  for (size_t i = 0; i < count; ++i) {
    report.findings[i].site.function = "leak_" + std::to_string(i);
  }
  report.gate.rulings.clear();
  return report;
}

TEST_CASE("ten annotations of a kind are as they are") {
  const auto lines = lines_of(render::render_github(with_leaks(10)));
  CHECK(lines.size() == 10);
  for (const std::string& line : lines) CHECK(line.rfind("::error file=", 0) == 0);
}

TEST_CASE("of more annotations than GitHub shows the last that it shows names the others") {
  const auto lines = lines_of(render::render_github(with_leaks(13)));
  REQUIRE(lines.size() == 14);
  CHECK(lines[8].rfind("::error file=", 0) == 0);
  CHECK(lines[9].rfind("::error title=silt%3A 4 more of this kind::", 0) == 0);
  for (const char* name : {"leak_9", "leak_10", "leak_11", "leak_12"}) {
    CHECK_THAT(lines[9], Catch::Contains(name));
  }
  CHECK_THAT(lines[10], Catch::Contains("leak_9"));  // for the log
}

TEST_CASE("a title that GitHub would cut is cut in the middle") {
  Report report = with_leaks(1);
  report.findings[0].site.function = std::string(4000, 'x');
  const std::string text = render::render_github(report);
  const size_t begin = text.find("title=") + 6;
  CHECK(text.find("::", begin) - begin < 300);
}

TEST_CASE("of very many stacks the smallest are one line, and the sum stays") {
  Report report = sample();
  const report::StackLine one = report.stacks[0];
  constexpr size_t kCount = 60'000;
  report.stacks.assign(kCount, one);
  int64_t sum = 0;
  for (size_t i = 0; i < kCount; ++i) {
    report.stacks[i].growth_bytes = static_cast<int64_t>(i + 1);
    sum += report.stacks[i].growth_bytes;
  }
  const auto lines = lines_of(render::render_folded(report));
  REQUIRE(lines.size() == 50'001);
  CHECK(lines.front().substr(lines.front().rfind(' ') + 1) == "60000");
  CHECK(lines.back().rfind("(10000 smaller stacks) ", 0) == 0);
  int64_t told = 0;
  for (const std::string& line : lines) told += std::stoll(line.substr(line.rfind(' ') + 1));
  CHECK(told == sum);
}

report::StackLine script_stack(std::vector<std::string> functions, uint64_t bytes) {
  report::StackLine stack;
  stack.heap = read::Heap::kManaged;
  stack.live_bytes = {0, 0, bytes};
  stack.live_blocks = {0, 0, 1};
  for (const std::string& function : functions) {
    symbolize::Frame frame;
    frame.kind = symbolize::FrameKind::kJavaScript;
    frame.function = function;
    frame.file = "/srv/app.js";
    frame.line = 7;
    frame.column = 3;
    stack.frames.push_back(frame);
  }
  return stack;
}

TEST_CASE("a heap profile is the tree that DevTools reads, with bytes at what allocates") {
  Report report = sample();
  report.stacks = {script_stack({"make", "main"}, 300), script_stack({"main"}, 20),
                   script_stack({"other", "main"}, 5)};
  report.snapshots.resize(3);
  report.judged_snapshots = 3;
  const auto json = nlohmann::json::parse(render::render_heapprofile(report));
  const auto& head = json["head"];
  CHECK(head["callFrame"]["functionName"] == "(root)");
  REQUIRE(head["children"].size() == 1);
  const auto& main = head["children"][0];
  CHECK(main["callFrame"]["functionName"] == "main");
  CHECK(main["callFrame"]["url"] == "file:///srv/app.js");
  CHECK(main["callFrame"]["lineNumber"] == 6);
  CHECK(main["callFrame"]["columnNumber"] == 2);
  CHECK(main["selfSize"] == 20);
  REQUIRE(main["children"].size() == 2);
  CHECK(main["children"][0]["selfSize"].get<int>() + main["children"][1]["selfSize"].get<int>() ==
        305);
  uint64_t sampled = 0;
  for (const auto& one : json["samples"]) sampled += one["size"].get<uint64_t>();
  CHECK(sampled == 325);
}

TEST_CASE("a heap profile of very deep stacks is written without recursion") {
  Report report = sample();
  report.stacks = {script_stack(std::vector<std::string>(20'000, "f"), 1)};
  const std::string text = render::render_heapprofile(report);
  CHECK(static_cast<size_t>(std::count(text.begin(), text.end(), '{')) > 20'000);
}

TEST_CASE("a report without such a heap has no heap profile, and that is said") {
  const render::Format* format = render::find_format("heapprofile");
  REQUIRE(format != nullptr);
  Report report = sample();
  std::erase_if(report.stacks,
                [](const auto& stack) { return stack.heap == read::Heap::kManaged; });
  CHECK_FALSE(format->why_not_of(report).empty());
  report.stacks.push_back(script_stack({"f"}, 1));
  CHECK(format->why_not_of(report).empty());
}

}  // namespace
}  // namespace silt::test
