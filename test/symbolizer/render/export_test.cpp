// SPDX-License-Identifier: Apache-2.0
//
// Metrics and tables of a hostile report. test_export.py reads them with other people's parsers.

#include "symbolizer/render/export.h"

#include <catch2/catch.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>

#include "test/symbolizer/render/sample_report.h"

namespace silt::test {
namespace {

using render::Exported;

std::vector<Exported> two() {
  std::vector<Exported> all = {{sample(), "/a/silt.shop.1"}, {sample(), "/b/silt.shop.1"}};
  all[1].report.labels = {{"site", "x"}, {"1st", "y"}, {"__name", "z"}, {"a b", "1"}, {"a-b", "2"}};
  return all;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

TEST_CASE("labels get names that Prometheus allows, each once, and tell recordings apart") {
  const auto labels = export_labels(two());
  CHECK(*read::find_label(labels[0], "recording") == "/a/silt.shop.1");
  CHECK(*read::find_label(labels[1], "recording") == "/b/silt.shop.1");
  std::map<std::string, std::string> named;
  for (const read::Label& label : labels[1]) named[label.key] = label.value;
  CHECK(named["label_site"] == "x");
  CHECK(named["label_1st"] == "y");
  CHECK(named["label___name"] == "z");
  CHECK(named["a_b"] == "1");
  CHECK(named.size() == 7);
}

TEST_CASE("metrics come family by family, each with a type, no series twice, and an end") {
  const std::vector<std::string> lines = lines_of(render::render_openmetrics(two()));
  REQUIRE(lines.back() == "# EOF");
  std::set<std::string> families;
  std::set<std::string> series;
  std::string family;
  for (size_t i = 0; i + 1 < lines.size(); ++i) {
    CAPTURE(lines[i]);
    if (lines[i].starts_with("# TYPE ")) {
      family = lines[i].substr(7, lines[i].find(' ', 7) - 7);
      CHECK(families.insert(family).second);
    }
    if (lines[i].starts_with('#')) continue;
    const std::string name = lines[i].substr(0, lines[i].find('{'));
    CHECK((name == family || name == family + "_total"));
    CHECK(series.insert(lines[i].substr(0, lines[i].rfind("} ") + 1)).second);
    CHECK(lines[i].find('\033') == std::string::npos);
  }
  CHECK(families.count("silt_resident_bytes") == 1);
  CHECK(families.count("silt_finding_state") == 1);
}

TEST_CASE("the number of findings in metrics is bounded") {
  std::vector<Exported> one = {{sample(), "silt.shop.1"}};
  one[0].report.findings.resize(500, one[0].report.findings[0]);
  const std::string text = render::render_openmetrics(one);
  size_t count = 0;
  for (const std::string& line : lines_of(text)) {
    count += line.starts_with("silt_finding_live_bytes{") ? 1 : 0;
  }
  CHECK(count == render::kMostExported);
}

TEST_CASE("rows of a table all have the same columns, one row for each snapshot and thing") {
  std::map<std::string, size_t> kinds;
  std::set<std::string> columns;
  for (const std::string& line : lines_of(render::render_ndjson(two()))) {
    const auto row = nlohmann::ordered_json::parse(line);
    ++kinds[row["kind"].get<std::string>()];
    std::string names;
    for (const auto& [name, value] : row.items()) names += name + " ";
    columns.insert(names);
    CHECK(line.find('\033') == std::string::npos);
  }
  CHECK(columns.size() == 1);
  CHECK(kinds["process"] == 2 * 8);
  CHECK(kinds["finding"] == 2 * 8 * 4);
  CHECK(kinds.count("site") == 0);  // the sample's stacks are all in findings
}

TEST_CASE("a row tells what was live at its snapshot, and null where it does not know") {
  std::vector<Exported> one = {{sample(), "silt.shop.1"}};
  one[0].report.findings.resize(1);
  const std::vector<std::string> lines = lines_of(render::render_ndjson(one));
  const auto process = nlohmann::json::parse(lines[0]);
  CHECK(process["rss_bytes"] == 20000000);
  CHECK(process["site"].is_null());
  CHECK(process["version"] == "1.2");
  CHECK(process["namespace"].is_null());
  const auto finding = nlohmann::json::parse(lines[1]);
  CHECK(finding["kind"] == "finding");
  CHECK(finding["live_bytes"] == 64);
  CHECK(finding["live_blocks"] == 1);
  CHECK(finding["rss_bytes"].is_null());
  CHECK(finding["file"] == "src/session.cpp");
  CHECK(finding["verdict"] == "leak");
  bool site = false;
  for (const std::string& line : lines) site = site || line.find("\"kind\":\"site\"") != line.npos;
  CHECK(site);
}

}  // namespace silt::test
