// SPDX-License-Identifier: Apache-2.0
//
// What keys do to what is shown.

#include "symbolizer/top/view.h"

#include <catch2/catch.hpp>

namespace silt::top {
namespace {

Picture picture_of(const std::vector<std::string>& names) {
  Picture picture;
  picture.report.snapshots.resize(2);
  for (const std::string& name : names) {
    Row row;
    row.key = row.name = name;
    picture.rows.push_back(row);
  }
  return picture;
}

std::vector<std::string> shown(const Picture& picture, const View& view) {
  std::vector<std::string> names;
  for (const size_t index : shown_rows(picture, view)) names.push_back(picture.rows[index].name);
  return names;
}

void type(const std::string& text, const Picture& picture, View& view) {
  for (const char c : text) press({Key::kText, std::string(1, c)}, picture, view);
}

TEST_CASE("leaks stand first, then what grows, then the rest by growth and by what is live") {
  Picture picture = picture_of({"idle", "rest", "grows", "leaks"});
  picture.rows[0].live_bytes = 5;
  picture.rows[1].growth_bytes = 900;
  picture.rows[2].verdict = report::Verdict::kGrowing;
  picture.rows[3].verdict = report::Verdict::kLeak;
  View view;
  CHECK(shown(picture, view) == std::vector<std::string>{"leaks", "grows", "rest", "idle"});
  view.order = Order::kGrowth;
  CHECK(shown(picture, view).front() == "rest");
  view.order = Order::kLive;
  CHECK(shown(picture, view).front() == "idle");
}

TEST_CASE("a filter is typed, looks at names, heaps and verdicts, and goes with Escape") {
  Picture picture = picture_of({"Table::add", "Cache::get"});
  picture.rows[1].heap = read::Heap::kManaged;
  picture.rows[0].verdict = report::Verdict::kLeak;
  View view;
  type("/tABLEq", picture, view);
  CHECK(view.typing);
  CHECK(shown(picture, view).empty());  // q was text
  press({Key::kBackspace}, picture, view);
  CHECK(shown(picture, view) == std::vector<std::string>{"Table::add"});
  press({Key::kEnter}, picture, view);
  CHECK_FALSE(view.typing);
  press({Key::kEscape}, picture, view);
  CHECK(view.filter.empty());
  type("/js", picture, view);
  CHECK(shown(picture, view) == std::vector<std::string>{"Cache::get"});
  press({Key::kEscape}, picture, view);
  type("/leak", picture, view);
  CHECK(shown(picture, view) == std::vector<std::string>{"Table::add"});
}

TEST_CASE("Backspace takes a whole character") {
  View view;
  const Picture picture = picture_of({"x"});
  type("/", picture, view);
  press({Key::kText, "ä"}, picture, view);
  press({Key::kBackspace}, picture, view);
  CHECK(view.filter.empty());
}

TEST_CASE("the chosen row stays chosen when the order changes, and Enter goes into it") {
  Picture picture = picture_of({"a", "b", "c"});
  View view;
  press({Key::kDown}, picture, view);
  CHECK(view.chosen == "b");
  picture.rows[2].growth_bytes = 9;
  CHECK(chosen_row(picture, shown_rows(picture, view), view) == 2);
  press({Key::kEnter}, picture, view);
  CHECK(view.inside);
  press({Key::kDown}, picture, view);
  CHECK(view.scroll == 1);
  CHECK(view.chosen == "b");
  press({Key::kUp}, picture, view);
  press({Key::kUp}, picture, view);
  CHECK(view.scroll == 0);
  press({Key::kEscape}, picture, view);
  CHECK_FALSE(view.inside);
}

TEST_CASE("keys that mean something only of a process do nothing of a recording") {
  const Picture picture = picture_of({"a"});
  View view;
  CHECK(press({Key::kText, "t"}, picture, view) == Wanted::kNothing);
  type("k", picture, view);
  CHECK_FALSE(view.keeps);
  view.has_processes = view.can_keep = true;
  CHECK(press({Key::kText, "t"}, picture, view) == Wanted::kProcesses);
  type("k", picture, view);
  CHECK(view.keeps);
}

TEST_CASE("orders come in turn, help goes with any key, and q quits") {
  const Picture picture = picture_of({"a"});
  View view;
  for (const char* word : {"growth", "now", "live", "verdict"}) {
    type("s", picture, view);
    CHECK(order_word(view.order) == std::string(word));
  }
  type("?", picture, view);
  CHECK(view.help);
  type("s", picture, view);
  CHECK_FALSE(view.help);
  CHECK(view.order == Order::kVerdict);
  CHECK(press({Key::kText, "q"}, picture, view) == Wanted::kQuit);
}

}  // namespace
}  // namespace silt::top
