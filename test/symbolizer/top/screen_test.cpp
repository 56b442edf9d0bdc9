// SPDX-License-Identifier: Apache-2.0
//
// The picture of `silt top` fits its terminal, whatever the names are.

#include "symbolizer/top/screen.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "symbolizer/base/columns.h"
#include "symbolizer/top/picture.h"

namespace silt::top {
namespace {

using report::Verdict;

report::SnapshotLine line_of(double seconds, uint64_t live, uint64_t rss) {
  report::SnapshotLine line;
  line.elapsed_seconds = seconds;
  line.live_bytes = live;
  line.rss_bytes = rss;
  return line;
}

symbolize::Frame frame_of(const std::string& function, const std::string& file) {
  symbolize::Frame frame;
  frame.function = function;
  frame.file = file;
  frame.line = 31;
  return frame;
}

// A finding of two stacks that leaks, and a stack in no finding.
Picture picture_of(const std::string& function, const std::string& file) {
  Picture picture;
  report::Report& report = picture.report;
  report.program = "shop";
  report.pid = 4711;
  report.judged_snapshots = 3;
  report.snapshots = {line_of(0, 1'000'000, 5'000'000), line_of(2, 2'000'000, 6'000'000),
                      line_of(4, 4'000'000, 9'000'000)};
  report.snapshots.back().live_blocks = 12345;
  for (const uint32_t id : {1, 2, 3}) {
    report::StackLine stack;
    stack.id = read::StackId{id};
    stack.live_bytes = {100'000, 200'000, id == 3 ? 90'000u : 1'600'000u};
    stack.live_blocks = {1, 2, 3};
    stack.growth_bytes = id == 3 ? -10'000 : 1'500'000;
    stack.frames = {frame_of(id == 3 ? "Cache::get" : function, file),
                    frame_of("main", "main.cpp")};
    report.stacks.push_back(stack);
  }
  report::Finding finding;
  finding.verdict = Verdict::kLeak;
  finding.confidence = 0.97;
  finding.stacks = {read::StackId{1}, read::StackId{2}};
  finding.site = frame_of(function, file);
  finding.growth_blocks = 12000;
  finding.live_bytes = {1'000'000, 2'000'000, 4'000'000};
  report.findings.push_back(finding);
  picture.snapshots = 3;
  picture.seconds = 4;
  picture.step_seconds = 2;
  picture.rows = rows_of(report, 2);
  return picture;
}

std::vector<std::string> lines_at(const Picture& picture, size_t width) {
  View view;
  view.width = width;
  return lines_of(picture, view);
}

TEST_CASE("one leak is one row, however many stacks it has") {
  const Picture picture = picture_of("Table::add(int)", "src/table.cpp");
  REQUIRE(picture.rows.size() == 2);
  CHECK(picture.rows[0].verdict == Verdict::kLeak);
  CHECK(picture.rows[0].stacks.size() == 2);
  CHECK(picture.rows[0].growth_bytes == 3'000'000);
  CHECK_FALSE(picture.rows[1].verdict);
}

TEST_CASE("an address stands for a function without a name, and not beside one with a name") {
  Picture picture = picture_of("f", "");
  picture.report.findings[0].site.module = "/lib/libshop.so";
  CHECK(rows_of(picture.report, 2)[0].place.empty());
  picture.report.findings[0].site.function.clear();
  CHECK_THAT(rows_of(picture.report, 2)[0].name, Catch::StartsWith("libshop.so+0x"));
}

TEST_CASE("totals, growth, pace and verdict are told") {
  const auto lines = lines_at(picture_of("Table::add(int)", "src/table.cpp"), 80);
  REQUIRE(lines.size() == 8);
  CHECK(lines[0] == "shop (pid 4711), 3 snapshots over 4.0 s, exact");
  CHECK(lines[1] == "native 4.0 MB in 12,345 blocks, +3.0 MB since start, +1.0 MB/s now");
  CHECK_THAT(lines[2], Catch::StartsWith("RSS 9.0 MB, +4.0 MB"));
  CHECK(lines[3] == "1 leak");
  CHECK(lines[6] == " leak       +3.0 MB  +1.0 MB/s   4.0 MB  Table::add  table.cpp:31");
  CHECK(lines[7] == " -           -10 kB   -55 kB/s    90 kB  Cache::get  table.cpp:31");
}

TEST_CASE("names are whole in 60 columns, and long ones keep their end") {
  CHECK(lines_at(picture_of("SessionTable::visit", "src/table.cpp"), 60)[6] ==
        " leak       +3.0 MB  +1.0 MB/s  SessionTable::visit  …cpp:31");
  CHECK_THAT(lines_at(picture_of("shop::internal::cache::SessionTable::visit", ""), 60)[6],
             Catch::EndsWith("  …cache::SessionTable::visit"));
}

TEST_CASE("heaps of other languages stand in the head and before names, or in their column") {
  Picture picture = picture_of("getUser", "app.js");
  picture.report.snapshots.front().js_used_bytes = 5'000'000;
  picture.report.snapshots.back().js_used_bytes = 7'000'000;
  picture.rows[0].heap = read::Heap::kManaged;
  picture.rows[1].heap = read::Heap::kObjects;
  auto lines = lines_at(picture, 60);
  CHECK(lines[2] == "JS heap 7.0 MB, +2.0 MB");
  CHECK_THAT(lines[7], Catch::EndsWith("js getUser  app.js:31"));
  CHECK_THAT(lines[8], Catch::EndsWith("py Cache::get  app.js:31"));
  picture.report.snapshots.back().object_bytes = 3'000'000;
  CHECK(lines_at(picture, 80)[2] ==
        "JS heap 7.0 MB, +2.0 MB; Python objects 3.0 MB, +3.0 MB");
  CHECK_THAT(lines_at(picture, 120)[6], Catch::Contains("heap") && Catch::Contains("blocks"));
  CHECK_THAT(lines_at(picture, 120)[7], Catch::Contains("  js       getUser"));
}

TEST_CASE("before anything can be judged that is said, and what is in use is shown") {
  Picture picture = picture_of("f", "a.cpp");
  picture.report.findings.clear();
  picture.report.snapshots.resize(1);
  picture.report.judged_snapshots = 1;
  picture.step_seconds = picture.seconds = 0;
  picture.rows = rows_of(picture.report, 0);
  const auto lines = lines_at(picture, 60);
  CHECK(lines[3] == "a single snapshot shows what is in use, not what grows");
  CHECK_THAT(lines[6], Catch::Contains(" 3.2 MB  f"));
}

TEST_CASE("what can be found is told in whole clauses, as many as fit") {
  Picture picture = picture_of("f", "main.cpp");
  picture.report.findings.clear();
  picture.report.detectable_blocks_per_hour = 3078;
  picture.report.detectable_script_bytes_per_hour = 900e6;
  picture.report.detectable_whole_bytes_per_hour = 1.6e9;
  const auto has = [](const std::vector<std::string>& lines, const std::string& wanted) {
    return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
      return line.find(wanted) != std::string::npos && line.find("…") == std::string::npos;
    });
  };
  CHECK(has(lines_at(picture, 160), "heap, 1.6 GB/h in total"));
  CHECK(has(lines_at(picture, 80),
            "no leak found; detection limit: 3,078 blocks/h from one call site"));
  CHECK_FALSE(has(lines_at(picture, 80), "in total"));
  CHECK(has(lines_at(picture, 60), "no leak found"));
  CHECK_FALSE(has(lines_at(picture, 60), "detection limit"));
}

TEST_CASE("no line is wider than the terminal, and no picture higher, in any state") {
  const std::string long_name = "Very::Long<With, Arguments>::" + std::string(200, 'x') + "(int)";
  for (const std::string& name : {std::string("f"), long_name, std::string()}) {
    for (const std::string& file :
         {std::string(), std::string("/a/b/c.cpp"), "/a/" + std::string(90, 'y') + ".cpp",
          std::string("/a/\xc3\xa4\xc3\xb6\xc3\xbc.cpp")}) {
      Picture picture = picture_of(name, file);
      const std::vector<Row> rows = picture.rows;
      for (int i = 0; i < 30; ++i)
        picture.rows.insert(picture.rows.end(), rows.begin(), rows.end());
      for (const size_t width : {20, 40, 60, 80, 200}) {
        for (const size_t height : {5, 24, 50}) {
          for (int state = 0; state < 8; ++state) {
            View view;
            view.width = width;
            view.height = height;
            view.keys = view.can_keep = view.has_processes = (state & 1) != 0;
            view.inside = (state & 2) != 0;
            view.help = (state & 4) != 0;
            view.chosen = picture.rows[0].key;
            view.scroll = 1000;
            const auto lines = lines_of(picture, view);
            CHECK(lines.size() <= height);
            for (const std::string& line : lines) {
              INFO(width << " " << line);
              CHECK(columns(line) <= width);
              CHECK(line.find_first_of("\033\n") == std::string::npos);
            }
          }
        }
      }
    }
  }
}

TEST_CASE("inside a row are its reason, its stacks and all their frames") {
  Picture picture = picture_of("Table::add(int)", "src/table.cpp");
  View view;
  view.inside = view.keys = true;
  view.chosen = picture.rows[0].key;
  const auto lines = lines_of(picture, view);
  CHECK(lines[0] == "leak Table::add table.cpp:31");
  CHECK(lines[1] == "+3.0 MB, +1.0 MB/s now, 4.0 MB live, 97 % sure, heap native");
  CHECK(lines[2] == "▃▅█");
  CHECK_THAT(lines, Catch::VectorContains(std::string("+1.5 MB in 0 blocks")));
  CHECK(std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
          return line.rfind("> Table::add ", 0) == 0 && line.find("src/table.cpp:31") == 64;
        }) == 2);
  CHECK_THAT(lines.back(), Catch::StartsWith("q quit  Esc back"));
  view.chosen = "gone";
  CHECK(lines_of(picture, view)[0] == "What was here is no longer among what is shown.");
}

TEST_CASE("the last line tells keys, those that matter most where there is little room") {
  const Picture picture = picture_of("f", "a.cpp");
  View view;
  view.keys = view.can_keep = view.has_processes = true;
  view.width = 60;
  CHECK(lines_of(picture, view).back() == "q quit  Enter stack  / filter  s sort: verdict  ? help");
  view.width = 120;
  CHECK_THAT(lines_of(picture, view).back(), Catch::EndsWith("space pause  k keep: no  t tree"));
  view.typing = true;
  view.filter = "ta";
  CHECK(lines_of(picture, view).back() == "filter: ta_   Enter done  Esc none");
}

TEST_CASE("why there is no newer picture stands in the head, made harmless") {
  const Picture picture = picture_of("f", "a.cpp");
  View view;
  view.trouble = "process 4711 is stopped\033[2J";
  CHECK(lines_of(picture, view)[4] == "process 4711 is stopped\\x1b[2J");
}

TEST_CASE("control characters of names do not reach the terminal") {
  Picture picture = picture_of("f\033[2J", "a\n.cpp");
  picture.report.program = "sh\033]0;op";
  for (const std::string& line : lines_at(picture, 80)) {
    CHECK(line.find_first_of("\033\n") == std::string::npos);
  }
}

}  // namespace
}  // namespace silt::top
