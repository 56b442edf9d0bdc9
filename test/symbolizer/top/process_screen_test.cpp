// SPDX-License-Identifier: Apache-2.0
//
// The tree of processes on a screen.

#include "symbolizer/top/process_screen.h"

#include <catch2/catch.hpp>

#include "symbolizer/base/columns.h"

namespace silt::top {
namespace {

const std::vector<ProcessRow> kTree = {
    {10, 0, "node server.js", 90'000'000, false},
    {12, 1, "node worker.js", 50'000'000, false},
    {13, 2, "python3 job.py", 20'000'000, true},
};

View screen_of(size_t width, size_t height = 24) {
  View screen;
  screen.width = width;
  screen.height = height;
  screen.keys = true;
  return screen;
}

TEST_CASE("children are indented below what started them, and growth counts from when seen first") {
  ProcessView view;
  view.see(kTree);
  view.first_rss[12] = 40'000'000;
  const auto lines = process_lines(kTree, view, screen_of(80));
  REQUIRE(lines.size() == 24);
  CHECK(lines[0] == "3 processes under silt");
  CHECK(lines[3] == ">      10     90 MB       0 B  node server.js");
  CHECK(lines[4] == "       12     50 MB    +10 MB  └ node worker.js");
  CHECK(lines[5] == "       13     20 MB       0 B    └ (asleep) python3 job.py");
  CHECK(lines.back() == "q quit  Enter look at it  Up/Down choose");
}

TEST_CASE("of a long command the beginning is shown, in any width, without control characters") {
  const std::vector<ProcessRow> rows = {{1, 30, "a\033[2J" + std::string(300, 'x'), 1, false}};
  for (const size_t width : {20, 60, 120}) {
    for (const std::string& line : process_lines(rows, {}, screen_of(width))) {
      CHECK(columns(line) <= width);
      CHECK(line.find('\033') == std::string::npos);
    }
  }
}

TEST_CASE("a row is chosen with the arrows, and stays chosen when others come") {
  ProcessView view;
  CHECK(press({Key::kDown}, kTree, view) == ProcessWanted::kNothing);
  CHECK(view.chosen == 12);
  std::vector<ProcessRow> more = kTree;
  more.insert(more.begin(), ProcessRow{5, 0, "x", 1, false});
  CHECK(press({Key::kEnter}, more, view) == ProcessWanted::kLook);
  CHECK(view.chosen == 12);
  press({Key::kEnd}, kTree, view);
  CHECK(view.chosen == 13);
  press({Key::kPageUp}, kTree, view);
  CHECK(view.chosen == 10);
}

TEST_CASE("there is a way back only where one came from") {
  ProcessView view;
  CHECK(press({Key::kEscape}, kTree, view) == ProcessWanted::kNothing);
  view.can_go_back = true;
  CHECK(press({Key::kEscape}, kTree, view) == ProcessWanted::kBack);
  CHECK(press({Key::kText, "q"}, kTree, view) == ProcessWanted::kQuit);
  CHECK(press({Key::kEnter}, {}, view) == ProcessWanted::kNothing);
}

TEST_CASE("a list longer than the screen follows the chosen row") {
  std::vector<ProcessRow> rows;
  for (pid_t pid = 1; pid <= 50; ++pid)
    rows.push_back({pid, 0, "p" + std::to_string(pid), 1, false});
  ProcessView view;
  view.chosen = 50;
  const auto lines = process_lines(rows, view, screen_of(60, 10));
  REQUIRE(lines.size() == 10);
  CHECK_THAT(lines[8], Catch::EndsWith("p50"));
}

}  // namespace
}  // namespace silt::top
