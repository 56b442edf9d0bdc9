// SPDX-License-Identifier: Apache-2.0
//
// The report for a terminal, at any width.

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <sstream>
#include <string>

#include "symbolizer/render/escape.h"
#include "symbolizer/render/render.h"
#include "test/symbolizer/render/sample_report.h"

namespace silt::test {
namespace {

using report::Report;
using report::Verdict;
using symbolize::Frame;

TEST_CASE("text fits the width that it is given") {
  for (const size_t width : {40, 50, 60, 80, 100}) {
    render::TextOptions options;
    options.width = width;
    std::istringstream lines(render::render_text(sample(), options));
    for (std::string line; std::getline(lines, line);) {
      CAPTURE(width, line);
      CHECK(columns(line) <= width);
    }
  }
}

TEST_CASE("no row begins with the unit of a figure in the row before") {
  const std::set<std::string> units = {"B", "kB", "MB", "GB", "%", "s", "min", "h", "blocks"};
  for (size_t width = 30; width <= 120; ++width) {
    render::TextOptions options;
    options.width = width;
    std::istringstream lines(render::render_text(sample(), options));
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string first;
      words >> first;
      CAPTURE(width, line);
      CHECK(units.count(first.substr(0, first.find_first_of(",;:.)"))) == 0);
    }
  }
}

TEST_CASE("a place loses its folders before its file name is cut") {
  Report report = sample();
  report.findings[0].site.file = "/home/somebody/work/very/long/path/programs/session_server.cpp";
  render::TextOptions options;
  const std::string wide = render::render_text(report, options);
  CHECK(wide.find("/programs/session_server.cpp:31\n") != std::string::npos);
  CHECK(wide.find("LEAK  SessionTable::add ") != std::string::npos);
  CHECK(wide.find("…") == std::string::npos);
  options.width = 40;
  CHECK(render::render_text(report, options).find("session_server.cpp:31\n") != std::string::npos);
}

TEST_CASE("an unnamed namespace takes no room, unless all is asked for") {
  Report report = sample();
  Frame& site = report.findings[0].site;
  site.function = "(anonymous namespace)::SessionTable::add(int)";
  report.stacks[0].frames = {report.stacks[0].frames[0], site, report.stacks[0].frames[2]};
  render::TextOptions options;
  CHECK(render::render_text(report, options).find("anonymous") == std::string::npos);
  CHECK(render::render_text(report, options).find("> SessionTable::add ") != std::string::npos);
  options.full = true;
  CHECK(render::render_text(report, options).find("(anonymous namespace)::") != std::string::npos);
}

TEST_CASE("what is live at exit is no headline") {
  Report report = sample();
  report.snapshots.push_back(report.snapshots.back());
  report.snapshots.back().live_bytes = 4800;
  const std::string text = render::render_text(report, {});
  CHECK(text.find("native 1.0 MB → 1.4 MB") != std::string::npos);
  CHECK(render::render_markdown(report).find("4.8 kB") == std::string::npos);
}

TEST_CASE("a JavaScript function without a name is called anonymous, with its place") {
  for (const char* name : {"", "~", "*", "(anonymous)"}) {
    Report report = sample();
    Frame& site = report.findings[0].site;
    site.kind = symbolize::FrameKind::kJavaScript;
    site.function = name;
    site.file = "/srv/app.js";
    const std::string text = render::render_text(report, {});
    CAPTURE(name, text);
    CHECK(text.find("LEAK  (anonymous) ") != std::string::npos);
    CHECK(text.find("/srv/app.js:31") != std::string::npos);
  }
}

TEST_CASE("text is coloured only when asked") {
  render::TextOptions options;
  CHECK(render::render_text(sample(), options).find('\033') == std::string::npos);
  options.colour = true;
  CHECK(render::render_text(sample(), options).find("\033[1;31m") != std::string::npos);
}

TEST_CASE("what a gate passes is one line, with names, unless all is asked for") {
  Report report = sample();
  report.gate.ran = true;
  render::TextOptions wide;
  wide.width = 400;
  std::string text = render::render_text(report, wide);
  CHECK(text.find("BOUNDED") == std::string::npos);
  CHECK(text.find("2 more pass: ") != std::string::npos);
  CHECK(text.find("(bounded), freed memory that the allocator holds (retained)") !=
        std::string::npos);
  CHECK(text.find("LEAK") != std::string::npos);
  render::TextOptions full;
  full.full = true;
  text = render::render_text(report, full);
  CHECK(text.find("BOUNDED") != std::string::npos);
  CHECK(text.find("more pass") == std::string::npos);
  report.gate.ran = false;
  CHECK(render::render_text(report, {}).find("BOUNDED") != std::string::npos);
}

}  // namespace
}  // namespace silt::test
