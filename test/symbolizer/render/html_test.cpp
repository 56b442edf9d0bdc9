// SPDX-License-Identifier: Apache-2.0
//
// What the HTML page is made of: the call tree, source lines and the escaping of data. The page
// itself is tested in a browser, see test/end_to_end/test_html.py.

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "symbolizer/render/html_source.h"
#include "symbolizer/render/html_tree.h"
#include "symbolizer/render/render.h"
#include "test/symbolizer/temporary_folder.h"

namespace silt::render {
namespace {

symbolize::Frame named(const std::string& function, uint32_t line = 1) {
  symbolize::Frame frame;
  frame.function = function;
  frame.file = "/src/" + function + ".cpp";
  frame.line = line;
  frame.module = "/bin/shop";
  return frame;
}

report::StackLine stack_of(uint32_t id, std::vector<symbolize::Frame> frames, int64_t growth,
                           uint64_t live) {
  report::StackLine stack;
  stack.id = read::StackId{id};
  stack.frames = std::move(frames);
  stack.growth_bytes = growth;
  stack.live_bytes = {0, live};
  stack.live_blocks = {0, 1};
  stack.allocated_bytes = live + 1000;
  stack.allocated_blocks = 2;
  return stack;
}

template <typename Value>
int64_t sum(const CallTree& tree, Value CallTree::Leaf::*member) {
  return std::accumulate(tree.leaves.begin(), tree.leaves.end(), int64_t{0},
                         [member](int64_t total, const CallTree::Leaf& leaf) {
                           return total + static_cast<int64_t>(leaf.*member);
                         });
}

std::string path_of(const CallTree& tree, uint32_t node) {
  std::string path;
  for (int32_t at = static_cast<int32_t>(node); at > 0; at = tree.parent[static_cast<size_t>(at)]) {
    path = "/" + tree.names[tree.name[static_cast<size_t>(at)]].text + path;
  }
  return path;
}

TEST_CASE("lines of one function are one node of the call tree") {
  report::Report report;
  report.stacks = {stack_of(1, {named("add", 3), named("main", 10)}, 300, 500),
                   stack_of(2, {named("add", 4), named("main", 11)}, -100, 200)};
  const CallTree tree = make_call_tree(report);
  REQUIRE(tree.leaves.size() == 1);
  CHECK(path_of(tree, tree.leaves[0].node) == "/main/add");
  CHECK(tree.leaves[0].growth_bytes == 200);
  CHECK(tree.leaves[0].live_bytes == 700);
  CHECK(tree.leaves[0].allocated_blocks == 4);
}

TEST_CASE("a parent comes before its children in the call tree") {
  report::Report report;
  for (uint32_t i = 0; i < 50; ++i) {
    report.stacks.push_back(stack_of(i,
                                     {named("leaf" + std::to_string(i % 7)),
                                      named("mid" + std::to_string(i % 3)), named("main")},
                                     i, i * 10));
  }
  const CallTree tree = make_call_tree(report);
  REQUIRE(tree.parent.size() == tree.name.size());
  CHECK(tree.parent[0] == CallTree::kNone);
  for (size_t node = 1; node < tree.parent.size(); ++node) {
    REQUIRE(tree.parent[node] >= 0);
    REQUIRE(tree.parent[node] < static_cast<int32_t>(node));
  }
}

TEST_CASE("stacks of different findings stay apart at one node") {
  report::Report report;
  report.stacks = {stack_of(1, {named("add", 3)}, 300, 500), stack_of(2, {named("add", 4)}, 1, 2)};
  report.findings.resize(2);
  report.findings[1].stacks = {read::StackId{2}};
  const CallTree tree = make_call_tree(report);
  REQUIRE(tree.leaves.size() == 2);
  CHECK(tree.leaves[0].finding == CallTree::kNone);
  CHECK(tree.leaves[1].finding == 1);
  CHECK(tree.leaves[0].node == tree.leaves[1].node);
}

TEST_CASE("beyond the limits the smallest stacks are summed and nothing is lost") {
  report::Report report;
  for (uint32_t i = 0; i < 100; ++i) {
    report.stacks.push_back(
        stack_of(i, {named("f" + std::to_string(i)), named("main")}, i, i * 10));
  }
  CallTreeLimits limits;
  SECTION("of stacks") { limits.stacks = 10; }
  SECTION("of nodes") { limits.nodes = 13; }
  const CallTree tree = make_call_tree(report, limits);
  CHECK(tree.stacks_shown + tree.stacks_summed == 100);
  CHECK(tree.stacks_shown >= 7);
  CHECK(tree.stacks_shown <= 10);
  CHECK(tree.parent.size() <= 14);
  CHECK(sum(tree, &CallTree::Leaf::growth_bytes) == 4950);
  CHECK(sum(tree, &CallTree::Leaf::live_bytes) == 49500);
  CHECK(path_of(tree, tree.leaves.back().node).find("smaller stacks)") != std::string::npos);
  CHECK(path_of(tree, tree.leaves[0].node) == "/main/f99");
}

TEST_CASE("heaps are told apart in the call tree when there are several") {
  report::Report report;
  report.stacks = {stack_of(1, {named("add")}, 1, 5), stack_of(2, {named("add")}, 1, 4)};
  report.stacks[1].heap = read::Heap::kMapping;
  report.stacks[1].missing = read::Missing::kTruncated;
  const CallTree tree = make_call_tree(report);
  CHECK(path_of(tree, tree.leaves[0].node) == "/native heap/add");
  CHECK(path_of(tree, tree.leaves[1].node) ==
        "/anonymous mappings/(outer frames cut at the frame limit)/add");
}

TEST_CASE("data in a page holds no character that means something to HTML") {
  CHECK(json_in_html("\"</script><!-- a&b \u2028\u2029 \u20ac\"") ==
        "\"\\u003c/script\\u003e\\u003c!-- a\\u0026b \\u2028\\u2029 \u20ac\"");
  CHECK(json_in_html("\xe2\x80") == "\xe2\x80");
}

TEST_CASE("a report without anything still makes a page") {
  if (!html_unavailable().empty()) {
    CHECK(render_html({}).empty());
    return;
  }
  CHECK(render_html({}).find("</html>") != std::string::npos);
}

TEST_CASE("source lines are read around the one that is meant") {
  const test::TemporaryFolder folder;
  const std::string path = (folder.path() / "session.cpp").string();
  std::ofstream(path) << "one\n\ttwo\nthree\nfour\nfive\r\nsix \x1b[31m\nseven\neight\nnine";
  SourceReader reader;
  const auto middle = reader.around(path, 5);
  REQUIRE(middle);
  CHECK(middle->first_line == 2);
  CHECK(middle->lines == std::vector<std::string>{"    two", "three", "four", "five",
                                                  "six \\x1b[31m", "seven", "eight"});
  CHECK(reader.around(path, 1)->lines.size() == 4);
  CHECK(reader.around(path, 9)->lines.back() == "nine");
  CHECK_FALSE(reader.around(path, 10));
  CHECK_FALSE(reader.around(path, 0));
}

TEST_CASE("only regular files named like source code are quoted") {
  const test::TemporaryFolder folder;
  const auto write = [&folder](const char* name, const std::string& bytes) {
    std::ofstream(folder.path() / name, std::ios::binary) << bytes;
    return (folder.path() / name).string();
  };
  SourceReader reader;
  CHECK(reader.around(write("a.c", "line\n"), 1));
  CHECK_FALSE(reader.around(write("id_ed25519", "secret\n"), 1));
  CHECK_FALSE(reader.around(write("settings.json", "secret\n"), 1));
  CHECK_FALSE(reader.around(write(".c", "secret\n"), 1));
  CHECK_FALSE(reader.around(write("binary.c", std::string("a\0b\n", 4)), 1));
  CHECK_FALSE(reader.around((folder.path() / "missing.c").string(), 1));
  CHECK_FALSE(reader.around("relative.c", 1));
  CHECK_FALSE(reader.around("", 1));
  std::filesystem::create_directory(folder.path() / "folder.c");
  CHECK_FALSE(reader.around((folder.path() / "folder.c").string(), 1));
  const std::string fifo = (folder.path() / "fifo.c").string();
  REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
  CHECK_FALSE(reader.around(fifo, 1));
}

}  // namespace
}  // namespace silt::render
