// SPDX-License-Identifier: Apache-2.0
//
// Adding a runtime touches its folder, the list and its tests, and nothing else of the tool: here
// one is added that way, and whole reports are read as a user and as a program read them.

#include "test/symbolizer/runtime/dummy/dummy.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "symbolizer/render/headline.h"
#include "symbolizer/render/reason_words.h"
#include "symbolizer/render/render.h"
#include "test/symbolizer/report/named_heap.h"

namespace silt::test {
namespace {

using report::Report;
using symbolize::Frame;

Frame dummy_frame(const std::string& function, const std::string& file, uint32_t line) {
  Frame made = frame(function, file, line, "");
  made.kind = kDummyFrame;
  return made;
}

const Frame kEngine = frame("dummy::Allocate(int)", "", 0, "/usr/bin/dummy");
const Frame kApp = dummy_frame("serve", "/srv/app.dm", 4);

// One stack that leaks, in a program of the dummy's.
Report report_of(const std::vector<Frame>& stack) {
  NamedHeap heap({stack});
  heap.recording().program = "dummy";
  for (int i = 0; i < 8; ++i) {
    heap.allocate(20, 64);
    heap.snapshot();
  }
  return heap.report();
}

bool has(const std::vector<std::string>& texts, const std::string& wanted) {
  return std::any_of(texts.begin(), texts.end(), [&](const std::string& text) {
    return text.find(wanted) != std::string::npos;
  });
}

TEST_CASE("a finding in a new runtime's function is told in that runtime's words") {
  const Report report =
      report_of({kMalloc, kEngine, dummy_frame("remember", "/srv/app.dm", 9), kEngine, kApp});
  REQUIRE(leaks(report) == 1);
  const report::Finding& finding = report.findings[0];
  CHECK(finding.site.function == "remember");
  CHECK(finding.runtime == "dummy");
  CHECK(render::headline_text(finding) == "things kept by `remember` (app.dm:9)");
  CHECK(render::before_site(finding) == "things made in ");
  const std::string text = render::render_text(report, {});
  CHECK_THAT(text, Catch::Contains("LEAK  things made in remember"));
  CHECK_THAT(text, Catch::Contains("things are told by the dummy"));
  CHECK(has(report.notes, "the dummy's own heap was looked at"));
}

TEST_CASE(
    "its standard library and its packages are not the site, its engine's frames are hidden") {
  const Report report =
      report_of({kMalloc, kEngine, dummy_frame("push", "<dummy>/list.dm", 80),
                 dummy_frame("cache", "/srv/packages/kit/kit.dm", 3), kEngine, kApp});
  REQUIRE(leaks(report) == 1);
  CHECK(report.findings[0].site.function == "serve");
  REQUIRE(report.stacks.size() == 1);
  for (const Frame& frame : report.stacks[0].frames) {
    CAPTURE(frame.function);
    CHECK(frame.kind == kDummyFrame);
  }
}

TEST_CASE("a program that reads the report learns the kind of its frames") {
  const Report report = report_of({kMalloc, kEngine, kApp});
  const auto json = nlohmann::json::parse(render::render_json(report));
  CHECK(json["findings"][0]["site"]["kind"] == "dummy");
}

TEST_CASE("what it says of a group stands in the reason") {
  const Frame pool = frame("dummy::Pool::take", "", 0, "/usr/bin/dummy");
  const Report report = report_of({pool, kEngine, kApp});
  REQUIRE(leaks(report) == 1);
  CHECK_THAT(render::reason_text(report.findings[0].why),
             Catch::Contains("; taken from the dummy's pool"));
}

TEST_CASE("its own work is one site, wherever it was set off") {
  const Frame mark = frame("dummy::Collector::mark()", "", 0, "/usr/bin/dummy");
  const Report report = report_of({kMalloc, mark, kEngine, kApp});
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings[0].site.function == "the dummy's collector");
}

TEST_CASE("a runtime that was not in the program says nothing") {
  NamedHeap heap({{kMalloc, frame("leak", "app.cpp", 3), kMain}});
  for (int i = 0; i < 8; ++i) {
    heap.allocate(20, 64);
    heap.snapshot();
  }
  const Report report = heap.report();
  CHECK_FALSE(has(report.notes, "dummy"));
  CHECK(render::headline_text(report.findings.at(0)).empty());
}

}  // namespace
}  // namespace silt::test
