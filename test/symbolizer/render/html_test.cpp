// SPDX-License-Identifier: Apache-2.0
//
// What the HTML page is made of: the call tree, source lines and the escaping of data. The page
// itself is tested in a browser, see test/end_to_end/test_html.py. Longer than 300 lines: the parts
// of one page.

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "symbolizer/render/html_chart.h"
#include "symbolizer/render/html_sizes.h"
#include "symbolizer/render/html_source.h"
#include "symbolizer/render/html_tree.h"
#include "symbolizer/render/render.h"
#include "test/symbolizer/render/sample_report.h"
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

TEST_CASE("blocks in use are told by powers of two, with none left out between") {
  report::Report report;
  report.snapshots.resize(2);
  report.judged_snapshots = 2;
  report.stacks = {stack_of(1, {named("f")}, 100, 100), stack_of(2, {named("g")}, 1000, 1000),
                   stack_of(3, {named("h")}, 0, 0)};
  report.stacks[0].live_blocks = {0, 2};  // of 50 bytes
  report.stacks[1].live_bytes = {600, 1000};
  nlohmann::ordered_json json;
  add_sizes(report, json);
  REQUIRE(json["sizes"].size() == 5);  // 32, 64, 128, 256, 512
  CHECK(
      json["sizes"][0] ==
      nlohmann::ordered_json({{"from", 32}, {"bytes", 100}, {"blocks", 2}, {"growth_bytes", 100}}));
  CHECK(json["sizes"][1]["bytes"] == 0);
  CHECK(json["sizes"][4] ==
        nlohmann::ordered_json(
            {{"from", 512}, {"bytes", 1000}, {"blocks", 1}, {"growth_bytes", 400}}));
  report.stacks.clear();
  add_sizes(report, json);
  CHECK(json["sizes"].empty());
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

uint64_t sum_of_layers(const nlohmann::ordered_json& json, size_t snapshot) {
  uint64_t sum = 0;
  for (const char* part : {"chart", "heaps"}) {
    for (const auto& layer : json[part]) sum += layer["live_bytes"][snapshot].get<uint64_t>();
  }
  return sum;
}

TEST_CASE("the layers of the chart add up to what is in use in all heaps") {
  report::Report report = test::sample();
  for (report::SnapshotLine& line : report.snapshots) {
    line.mapping_bytes = 9'000'000'000;  // reserved
    line.parts->mappings = 1'000'000;    // touched
    line.object_bytes = 50'000;
  }
  nlohmann::ordered_json json;
  add_chart(report, json);
  for (size_t i = 0; i < report.snapshots.size(); ++i) {
    const report::SnapshotLine& line = report.snapshots[i];
    CHECK(sum_of_layers(json, i) == line.live_bytes + 1'000'000 + line.js_used_bytes + 50'000);
  }
  // Freed memory is in use no more; objects of JavaScript are.
  CHECK(json["chart"].size() == 3);
  CHECK(json["heaps"].size() == 4);
  CHECK(json["heaps"][2]["label"] == "other JavaScript in use");
}

TEST_CASE("a place of a Java heap has its layer, and the heap is not counted as mappings too") {
  report::Report report = test::sample();
  report.findings.resize(1);
  report.findings[0].heap = read::Heap::kJava;
  for (report::SnapshotLine& line : report.snapshots) {
    line.js_used_bytes = 0;
    line.java_bytes = 700'000;
    line.mapping_bytes = line.parts->mappings = 1'000'000;
  }
  nlohmann::ordered_json json;
  add_chart(report, json);
  REQUIRE(json["chart"].size() == 1);
  CHECK(json["heaps"].back()["label"] == "other Java in use");
  for (size_t i = 0; i < report.snapshots.size(); ++i) {
    CHECK(sum_of_layers(json, i) == report.snapshots[i].live_bytes + 1'000'000);
  }
}

TEST_CASE("the chart of a finding that is a whole heap counts it once") {
  report::Report report = test::sample();
  report.findings.resize(1);
  report.findings[0].whole = "js";
  report.findings[0].heap = read::Heap::kManaged;
  nlohmann::ordered_json json;
  add_chart(report, json);
  CHECK(json["chart"].empty());
  CHECK(json["heaps"][1]["label"] == "JavaScript in use");
  CHECK(json["heaps"][1]["live_bytes"][0] == report.snapshots[0].js_used_bytes);
}

TEST_CASE("leaves have values over time, at as many times as there is room for") {
  report::Report report;
  for (uint32_t i = 0; i < 100; ++i) report.snapshots.push_back({i});
  report.judged_snapshots = 99;  // and one at exit
  report::StackLine stack = stack_of(1, {named("add")}, 98, 0);
  stack.live_bytes.clear();
  for (uint64_t i = 0; i < 100; ++i) stack.live_bytes.push_back(i < 99 ? i : 0);
  report.stacks = {stack};
  const CallTree all = make_call_tree(report);
  CHECK(all.times.size() == 99);
  CHECK(all.leaves[0].live_bytes == 98);
  CallTreeLimits limits;
  limits.times = 5;
  const CallTree few = make_call_tree(report, limits);
  CHECK(few.times == std::vector<size_t>{0, 24, 49, 73, 98});
  CHECK(few.leaves[0].bytes_over_time == std::vector<uint64_t>{0, 24, 49, 73, 98});
  limits.values = 1;
  CHECK(make_call_tree(report, limits).times == std::vector<size_t>{0, 98});
}

TEST_CASE("names know whose code they are, and what is below another language is native") {
  symbolize::Frame libc = named("qsort");
  libc.module = "/lib/x86_64-linux-gnu/libc.so.6";
  symbolize::Frame library = named("deflate");
  library.module = "/usr/lib/x86_64-linux-gnu/libz.so.1";
  symbolize::Frame script = named("onRequest");
  script.kind = symbolize::FrameKind::kJavaScript;
  script.file = "/srv/app.js";
  CHECK(code_of(named("add"), false) == Code::kApp);
  CHECK(code_of(library, false) == Code::kDependencies);
  CHECK(code_of(libc, false) == Code::kRuntime);
  CHECK(code_of(libc, true) == Code::kNative);
  CHECK(code_of(script, true) == Code::kApp);
  report::Report report;
  report.stacks = {stack_of(1, {libc, script}, 1, 1)};
  const CallTree tree = make_call_tree(report);
  CHECK(tree.names[0].code == Code::kNone);
  CHECK(tree.names[1].code == Code::kApp);
  CHECK(tree.names[2].code == Code::kNative);
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
