// SPDX-License-Identifier: Apache-2.0
//
// The picture of `silt top` fits its terminal, whatever the names are.

#include "symbolizer/top/screen.h"

#include <catch2/catch.hpp>

#include "symbolizer/render/escape.h"

namespace silt::top {
namespace {

Picture picture_of(size_t rows, const std::string& function, const std::string& file) {
  Picture picture;
  picture.program = "shop";
  picture.pid = 4711;
  picture.snapshots = 3;
  picture.seconds = 4;
  picture.step_seconds = 2;
  picture.first.live_bytes = 1e6;
  picture.previous.live_bytes = 2e6;
  picture.latest.live_bytes = 4e6;
  picture.latest.live_blocks = 12345;
  picture.latest.rss_bytes = 9e6;
  for (size_t i = 0; i < rows; ++i) {
    Row row;
    row.site.function = function;
    row.site.file = file;
    row.site.line = 31;
    row.growth_bytes = 3e6;
    row.growth_blocks = 12000;
    row.bytes_per_second = 1e6;
    row.live_bytes = 4e6;
    picture.rows.push_back(row);
  }
  return picture;
}

TEST_CASE("totals, growth and pace are told") {
  const auto lines = lines_of(picture_of(1, "Table::add(int)", "src/table.cpp"), {});
  REQUIRE(lines.size() == 6);
  CHECK(lines[0] == "shop (pid 4711), 3 snapshots over 4.0 s, exact");
  CHECK(lines[1] == "native 4.0 MB in 12,345 blocks, +3.0 MB since start, +1.0 MB/s now");
  CHECK_THAT(lines[2], Catch::StartsWith("RSS 9.0 MB, +9.0 MB"));
  CHECK(lines[5] == "  +3.0 MB  +1.0 MB/s   +12,000   4.0 MB  Table::add  table.cpp:31");
}

TEST_CASE("no line is wider than the terminal, and no picture higher") {
  const std::string long_name = "Very::Long<With, Arguments>::" + std::string(200, 'x') + "(int)";
  for (const std::string& name : {std::string("f"), long_name, std::string()}) {
    for (const std::string& file :
         {std::string(), std::string("/a/b/c.cpp"), "/a/" + std::string(90, 'y') + ".cpp",
          std::string("/a/\xc3\xa4\xc3\xb6\xc3\xbc.cpp")}) {
      const Picture picture = picture_of(100, name, file);
      for (const size_t width : {20, 40, 60, 80, 200}) {
        for (const size_t height : {5, 24, 50}) {
          Shape shape;
          shape.width = width;
          shape.height = height;
          shape.keys = height == 24;
          const auto lines = lines_of(picture, shape);
          CHECK(lines.size() <= height);
          for (const std::string& line : lines) {
            INFO(width << " " << line);
            CHECK(columns(line) <= width);
          }
        }
      }
    }
  }
}

TEST_CASE("heaps of other languages stand beside native memory") {
  Picture picture = picture_of(1, "f", "a.cpp");
  picture.first.js_bytes = 5e6;
  picture.latest.js_bytes = 7e6;
  CHECK(lines_of(picture, {})[2] == "JavaScript heap 7.0 MB, +2.0 MB");
  picture.latest.object_bytes = 3e6;
  CHECK(lines_of(picture, {})[2] ==
        "JavaScript heap 7.0 MB, +2.0 MB; Python objects 3.0 MB, +3.0 MB");
}

TEST_CASE("a name of usual length is whole in 60 columns") {
  Shape shape;
  shape.width = 60;
  const auto lines = lines_of(picture_of(1, "SessionTable::visit", "src/table.cpp"), shape);
  CHECK(lines[1] == "native 4.0 MB, +3.0 MB since start, +1.0 MB/s now");
  CHECK(lines[4].find("blocks") == std::string::npos);
  CHECK(lines[5] == "  +3.0 MB  +1.0 MB/s   4.0 MB  SessionTable::visit  ….cpp:31");
}

TEST_CASE("rows are sorted by what the user chose, and the last line says by what") {
  Picture picture = picture_of(3, "f", "a.cpp");
  const char* const names[] = {"most", "fastest", "largest"};
  for (size_t i = 0; i < 3; ++i) picture.rows[i].site.function = names[i];
  picture.rows[0].growth_bytes = 9e6;
  picture.rows[1].bytes_per_second = 9e6;
  picture.rows[2].live_bytes = 9e6;
  Shape shape;
  shape.keys = true;
  const auto first = [&](Order order) {
    shape.order = order;
    return lines_of(picture, shape)[5];
  };
  CHECK_THAT(first(Order::kGrowth), Catch::Contains("most"));
  CHECK_THAT(first(Order::kNow), Catch::Contains("fastest"));
  CHECK_THAT(first(Order::kLive), Catch::Contains("largest"));
  const auto lines = lines_of(picture, shape);
  REQUIRE(lines.size() == shape.height);
  CHECK(lines.back() == "q quit   space pause   s sort (by live)");
}

TEST_CASE("what shrank is not among what grows") {
  Picture picture = picture_of(2, "f", "a.cpp");
  picture.rows[1].growth_bytes = -5;
  CHECK(lines_of(picture, {}).size() == 6);
  picture.rows[0].growth_bytes = 0;
  CHECK(lines_of(picture, {}).back() == "  nothing has grown");
}

TEST_CASE("control characters of names do not reach the terminal") {
  Picture picture = picture_of(1, "f\033[2J", "a\n.cpp");
  picture.program = "sh\033]0;op";
  for (const std::string& line : lines_of(picture, {})) {
    CHECK(line.find_first_of("\033\n") == std::string::npos);
  }
}

}  // namespace
}  // namespace silt::top
