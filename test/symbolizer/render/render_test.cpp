// SPDX-License-Identifier: Apache-2.0
//
// Every format against a file in test/golden, from one hostile report. After a wanted change run
// with SILT_UPDATE_GOLDEN=1 and read the difference.

#include "symbolizer/render/render.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>
#include <set>
#include <sstream>

#include "symbolizer/render/profile.pb.h"
#include "symbolizer/render/version.h"
#include "test/symbolizer/render/golden_path.h"
#include "test/symbolizer/render/gunzip.h"
#include "test/symbolizer/render/sample_report.h"

namespace silt::test {
namespace {

using report::Finding;
using report::Report;
using report::Verdict;
using symbolize::Frame;

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

void check_golden(const std::string& name, const std::string& text) {
  const std::string path = std::string(SILT_GOLDEN) + "/" + name;
  if (std::getenv("SILT_UPDATE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << text;
  CHECK(text == read_file(path));
}

// A new version is no change of the format.
std::string without_version(std::string text) {
  const std::string version = "\"" + std::string(render::tool_version()) + "\"";
  const size_t at = text.find(version);
  return at == std::string::npos ? text : text.replace(at, version.size(), "\"VERSION\"");
}

bool has_control(const std::string& text) {
  for (const char c : text) {
    if (c != '\n' && (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)) return true;
  }
  return false;
}

TEST_CASE("every text format is as its golden file and free of control characters") {
  const Report report = sample();
  const std::pair<const char*, std::string> all[] = {
      {"report.txt", render::render_text(report, {})},
      {"report.json", render::render_json(report)},
      {"report.md", render::render_markdown(report)},
      {"report.folded", render::render_folded(report)},
      {"report.speedscope.json", render::render_speedscope(report)},
      {"report.junit.xml", render::render_junit(report)},
      {"report.github.txt", render::render_github(report)},
      {"report.jenkins.xml", render::render_jenkins(report)},
      {"report.sarif.json", without_version(render::render_sarif(report))},
  };
  for (const auto& [name, text] : all) {
    CAPTURE(name);
    check_golden(name, text);
    CHECK_FALSE(has_control(text));
  }
}

TEST_CASE("JSON says null for what is not known") {
  Report report = sample();
  report.findings[0].bytes_per_hour.reset();
  report.snapshots[0].rss_bytes = 0;
  const auto json = nlohmann::json::parse(render::render_json(report));
  CHECK(json["schema"] == "silt.report/1");
  CHECK(json["findings"][0]["bytes_per_hour"].is_null());
  CHECK(json["snapshots"][0]["rss_bytes"].is_null());
  CHECK(json["stacks"][1]["frames"][1]["function"].is_null());
  CHECK(json["stacks"][1]["frames"][1]["line"].is_null());
  CHECK(json["process"]["start"] == "2023-11-14T22:13:20.123Z");
}

TEST_CASE("JUnit is XML that parses, with a failure for the leak alone") {
  pugi::xml_document document;
  REQUIRE(document.load_string(render::render_junit(sample()).c_str()));
  const pugi::xml_node suite = document.child("testsuites").child("testsuite");
  CHECK(suite.attribute("tests").as_int() == 4);
  CHECK(suite.attribute("failures").as_int() == 2);
  CHECK(suite.child("testcase").child("failure"));
  CHECK_FALSE(suite.child("testcase").next_sibling("testcase").child("failure"));
}

TEST_CASE("JUnit of a clean run has a test that passed") {
  Report report = sample();
  report.findings.clear();
  pugi::xml_document document;
  REQUIRE(document.load_string(render::render_junit(report).c_str()));
  CHECK(document.child("testsuites").child("testsuite").attribute("tests").as_int() == 1);
  CHECK(document.child("testsuites").child("testsuite").attribute("failures").as_int() == 0);
}

TEST_CASE("a GitHub annotation is one line, whatever names hold") {
  Report report = sample();
  report.findings[0].site = report.findings[1].site;
  report.findings.resize(1);
  const std::string text = render::render_github(report);
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  CHECK(text.rfind("::error file=", 0) == 0);
  CHECK(text.find("%250A") != std::string::npos);
}

TEST_CASE("a folded stack is one line with one number, outermost first") {
  Report report = sample();
  report.stacks.resize(1);
  CHECK(render::render_folded(report) ==
        "main;SessionTable::add(int);std::map<int, Session>::emplace(int&&) 448\n");
}

TEST_CASE("a pprof profile carries six sample types and inlined lines in one location") {
  pprof::Profile profile;
  REQUIRE(profile.ParseFromString(gunzip(render::render_pprof(sample()))));
  const auto text = [&profile](int64_t index) {
    return profile.string_table(static_cast<int>(index));
  };
  REQUIRE(profile.sample_type_size() == 6);
  CHECK(text(profile.sample_type(5).type()) == "growth_space");
  CHECK(text(profile.default_sample_type()) == "growth_space");
  CHECK(profile.string_table(0).empty());
  REQUIRE(profile.sample_size() == 3);
  CHECK(profile.sample(0).value(5) == 448);
  CHECK(profile.sample(0).value(3) == 512);
  REQUIRE(profile.sample(0).location_id_size() == 2);
  const pprof::Location& location =
      profile.location(static_cast<int>(profile.sample(0).location_id(0)) - 1);
  REQUIRE(location.line_size() == 2);
  CHECK(location.line(0).line() == 601);
  CHECK(location.line(1).line() == 31);
}

}  // namespace
}  // namespace silt::test
