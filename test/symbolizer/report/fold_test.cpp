// SPDX-License-Identifier: Apache-2.0
//
// One leak, one finding, and the site where it is.

#include "symbolizer/report/fold.h"

#include <catch2/catch.hpp>

#include "test/symbolizer/report/named_heap.h"

namespace silt::test {
namespace {

using analyze::Verdict;
using report::Finding;
using report::Report;
using symbolize::Frame;

const Frame kMalloc = frame("malloc", "", 0, "/usr/lib/libsilt.so");
const Frame kNew = frame("operator new(unsigned long)", "", 0, "/usr/lib/libstdc++.so.6");
const Frame kEmplace = frame("std::_Rb_tree<int, int>::_M_emplace_unique<int>(int&&)",
                             "/usr/include/c++/12/tree.h", 9);
const Frame kMain = frame("main", "app.cpp", 100);

size_t leaks(const Report& report) {
  size_t count = 0;
  for (const Finding& finding : report.findings) count += finding.verdict == Verdict::kLeak ? 1 : 0;
  return count;
}

TEST_CASE("a map entry's node, key and value are one finding at the line that inserts") {
  const Frame add = frame("SessionTable::add(int)", "session.cpp", 31);
  NamedHeap heap({{kNew, kEmplace, add, kMain},
                  {kNew, frame("std::string::_M_create(unsigned long&)"), kEmplace, add, kMain},
                  {kMalloc, add, kMain}});
  for (int i = 0; i < 8; ++i) {
    for (size_t stack = 0; stack < 3; ++stack) heap.allocate(20, 64, stack);
    heap.snapshot();
  }
  const Report report = heap.report();
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings[0].verdict == Verdict::kLeak);
  CHECK(report.findings[0].site.function == "SessionTable::add(int)");
  CHECK(report.findings[0].site.line == 31);
  CHECK(report.findings[0].stacks.size() == 3);
  CHECK(report.findings[0].growth_bytes == 3 * 20 * 64 * 7);
}

TEST_CASE("two leaks in one function at different lines are two findings") {
  NamedHeap heap({{kMalloc, frame("log_in", "app.c", 10), kMain},
                  {kMalloc, frame("log_in", "app.c", 14), kMain}});
  for (int i = 0; i < 10; ++i) {
    heap.allocate(60 + heap.chance(60), 48, 0);
    heap.allocate(10 + heap.chance(20), 200, 1);
    heap.snapshot();
  }
  CHECK(leaks(heap.report()) == 2);
}

TEST_CASE("parts that grow in step below the leaking function join its finding") {
  const Frame handle = frame("handle", "app.cpp", 30);
  const Frame handle_parses = frame("handle", "app.cpp", 31);
  NamedHeap heap({{kNew, handle, kMain},
                  {kMalloc, frame("parse_name", "parse.cpp", 7), handle_parses, kMain}});
  for (int i = 0; i < 10; ++i) {
    const size_t requests = 20 + heap.chance(30);
    heap.allocate(requests, 100, 0);
    heap.allocate(2 * requests, 30, 1);
    heap.snapshot();
  }
  const Report report = heap.report();
  REQUIRE(leaks(report) == 1);
  CHECK(report.findings[0].site.function == "handle");
  CHECK(report.findings[0].stacks.size() == 2);
}

TEST_CASE("what grows at its own pace below the leaking function is a finding of its own") {
  const Frame handle = frame("handle", "app.cpp", 30);
  NamedHeap heap(
      {{kNew, handle, kMain},
       {kMalloc, frame("note_error", "log.cpp", 7), frame("handle", "app.cpp", 40), kMain}});
  for (int i = 0; i < 10; ++i) {
    heap.allocate(20 + heap.chance(30), 100, 0);
    heap.allocate(5 + heap.chance(20), 30, 1);
    heap.snapshot();
  }
  CHECK(leaks(heap.report()) == 2);
}

TEST_CASE("a library that calls the leaking function, and keeps a little itself, is not the site") {
  const auto js = [](const char* function, const char* file, uint32_t line) {
    Frame made = frame(function, file, line);
    made.kind = symbolize::FrameKind::kJavaScript;
    made.module.clear();
    return made;
  };
  const Frame upgrade = js("completeUpgrade", "/a/node_modules/ws/server.js", 375);
  NamedHeap heap({{js("openSession", "/a/app.js", 13), js("emit", "node:events", 5), upgrade},
                  {kMalloc, upgrade}});
  heap.allocate(1, 4000, 1);
  for (int i = 0; i < 10; ++i) {
    heap.allocate(2000 + heap.chance(100), 400, 0);
    heap.allocate(1, 4000, 1);
    heap.snapshot();
  }
  const Report report = heap.report();
  REQUIRE(leaks(report) == 1);
  CHECK(report.findings[0].site.function == "openSession");
}

TEST_CASE("leaks block for block are one finding where one function calls for both") {
  const auto stack = [](const char* maker, uint32_t line) {
    return std::vector<Frame>{kMalloc, frame(maker, "dict.c", 7), frame("add_key", "db.c", line),
                              frame("set_command", "set.c", 12), kMain};
  };
  std::vector<Frame> table = stack("new_entry", 31);
  table.insert(table.begin() + 1, frame("enlarge", "dict.c", 3));
  NamedHeap heap({stack("copy_name", 30), stack("new_entry", 31), table});
  for (int i = 0; i < 10; ++i) {
    const size_t keys = 50 + heap.chance(100);
    heap.allocate(keys, 40, 0);
    heap.allocate(keys, 24, 1);
    uint64_t slots = 64;
    while (slots < heap.live(1)) slots *= 2;
    heap.free_all(2);
    heap.allocate(1, 8 * slots, 2);
    heap.snapshot();
  }
  const Report report = heap.report();
  REQUIRE(leaks(report) == 1);
  CHECK(report.findings[0].site.function == "add_key");
  CHECK(report.findings[0].stacks.size() == 3);
}

TEST_CASE("values that are replaced and yet as many as their keys join them, however far") {
  std::vector<Frame> key = {kMalloc, frame("new_entry", "dict.c", 7)};
  for (uint32_t i = 0; i < 7; ++i)
    key.push_back(frame("step_" + std::to_string(i), "call.c", i + 1));
  key.push_back(frame("handle_input", "net.c", 50));
  key.push_back(kMain);
  NamedHeap heap({key,
                  {kMalloc, frame("new_value", "object.c", 3), frame("parse", "net.c", 20),
                   frame("handle_input", "net.c", 40), kMain}});
  for (int i = 0; i < 10; ++i) {
    const size_t keys = 50 + heap.chance(100);
    heap.allocate(keys, 40, 0);
    const size_t replaced = i == 0 ? 0 : 20 + heap.chance(10);
    heap.free_random(replaced, 1);
    heap.allocate(keys + replaced, 24, 1);
    heap.snapshot();
  }
  const Report report = heap.report();
  REQUIRE(leaks(report) == 1);
  CHECK(report.findings[0].site.function == "new_entry");
  CHECK(report.findings[0].stacks.size() == 2);
}

TEST_CASE("leaks block for block in functions of one class are one, wherever they meet") {
  NamedHeap heap({{kMalloc, frame("Connection::ask(int)", "net.cpp", 12), kMain},
                  {kMalloc, frame("Connection::answer(Reply const&)", "net.cpp", 30),
                   frame("poll", "loop.cpp", 5), kMain}});
  size_t unanswered = 0;
  for (int i = 0; i < 10; ++i) {
    const size_t asked = 50 + heap.chance(100);
    const size_t late = heap.chance(3);
    heap.allocate(asked, 40, 0);
    heap.allocate(asked + unanswered - late, 24, 1);
    unanswered = late;
    heap.snapshot();
  }
  CHECK(leaks(heap.report()) == 1);
}

TEST_CASE("an index is not accused where the entries that it holds are bounded") {
  const Frame get = frame("get", "cache.cpp", 20);
  NamedHeap heap({{kMalloc, get, kMain}, {kMalloc, frame("rehash", "index.cpp", 8), get, kMain}});
  for (int i = 0; i < 12; ++i) {
    heap.allocate(250, 120, 0);
    if (i >= 7) heap.free_random(250, 0);
    if (i == 1 || i == 3 || i == 6) {
      heap.free_all(1);
      heap.allocate(1, 4096u << i, 1);
    }
    heap.snapshot();
  }
  CHECK(leaks(heap.report()) == 0);
}

TEST_CASE("leaks block for block below a function that calls everything are two findings") {
  const auto stack = [](const char* maker, uint32_t line) {
    return std::vector<Frame>{kMalloc, frame(maker, "work.c", line),
                              frame("main_loop", "loop.c", line), kMain};
  };
  NamedHeap heap({stack("log_request", 30), stack("track_session", 31), stack("parse", 32)});
  for (int i = 0; i < 10; ++i) {
    const size_t requests = 50 + heap.chance(100);
    heap.allocate(requests, 40, 0);
    heap.allocate(requests, 24, 1);
    heap.allocate(20 * requests, 24, 2);
    heap.free_all(2);
    heap.snapshot();
  }
  CHECK(leaks(heap.report()) == 2);
}

TEST_CASE("leaks block for block that one place calls in turn are two findings") {
  const auto stack = [](const char* handler) {
    return std::vector<Frame>{kMalloc, frame(handler, "routes.c", 7),
                              frame("dispatch", "loop.c", 40), frame("serve", "loop.c", 9), kMain};
  };
  NamedHeap heap({stack("log_in"), stack("log_out")});
  for (int i = 0; i < 10; ++i) {
    const size_t requests = 50 + heap.chance(100);
    heap.allocate(requests, 40, 0);
    heap.allocate(requests, 24, 1);
    heap.snapshot();
  }
  CHECK(leaks(heap.report()) == 2);
}

TEST_CASE("an argument made by the very line that calls the leaking function is part of the leak") {
  const Frame call = frame("main", "app.cpp", 23);
  NamedHeap heap({{kNew, frame("Hub::subscribe(std::string const&)", "hub.cpp", 12), call},
                  {kNew, frame("std::function<void ()>::function"), call}});
  for (int i = 0; i < 8; ++i) {
    const size_t subscribers = 10 + heap.chance(12);
    heap.allocate(subscribers, 96, 0);
    heap.allocate(subscribers, 48, 1);
    heap.snapshot();
  }
  const Report report = heap.report();
  REQUIRE(leaks(report) == 1);
  CHECK(report.findings[0].site.function == "Hub::subscribe(std::string const&)");
}

TEST_CASE("the line that calls for the leak is named though other callers have more under way") {
  const Frame send = frame("Connection::send(int)", "net.cpp", 19);
  NamedHeap heap({{kNew, send, frame("Connection::ask_for_id()", "net.cpp", 24), kMain},
                  {kNew, send, frame("Connection::look_up()", "net.cpp", 22), kMain},
                  {kNew, kEmplace, send, frame("Connection::look_up()", "net.cpp", 22), kMain}});
  for (int i = 0; i < 10; ++i) {
    heap.allocate(60 + heap.chance(60), 48, 0);
    heap.free_all(1);
    heap.allocate(1000, 48, 1);
    heap.free_random(998 - static_cast<size_t>(i), 1);
    if (i == 5) heap.allocate(1, 18000, 2);
    heap.snapshot();
  }
  const Report report = heap.report();
  REQUIRE(leaks(report) == 1);
  CHECK(report.findings[0].site.function == "Connection::ask_for_id()");
}

TEST_CASE("a leak through many stacks, none of which grows in every window, is one finding") {
  std::vector<std::vector<Frame>> stacks;
  for (uint32_t i = 0; i < 64; ++i) {
    stacks.push_back({kMalloc, frame("trace", "app.cpp", 5),
                      frame("handler_" + std::to_string(i), "app.cpp", 200 + i), kMain});
  }
  NamedHeap heap(stacks);
  for (int i = 0; i < 10; ++i) {
    for (int k = 0; k < 48; ++k) heap.allocate(1, 56, heap.chance(64));
    heap.snapshot();
  }
  const Report report = heap.report();
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings[0].verdict == Verdict::kLeak);
  CHECK(report.findings[0].site.function == "trace");
}

TEST_CASE("work that moves from one stack to another at one site is no leak") {
  NamedHeap heap(
      {{kMalloc, frame("fill", "cache.cpp", 5), frame("slow_path", "app.cpp", 9), kMain},
       {kMalloc, frame("fill", "cache.cpp", 5), frame("fast_path", "app.cpp", 12), kMain}});
  heap.allocate(1000, 64, 0);
  for (int i = 0; i < 10; ++i) {
    heap.free_oldest(80, 0);
    heap.allocate(80, 64, 1);
    heap.churn(500);
    heap.snapshot();
  }
  CHECK(leaks(heap.report()) == 0);
}

TEST_CASE("a cache that was filled on one path and turns over on another is no leak") {
  NamedHeap heap(
      {{kMalloc, frame("fill", "cache.cpp", 5), frame("slow_path", "app.cpp", 9), kMain},
       {kMalloc, frame("fill", "cache.cpp", 5), frame("fast_path", "app.cpp", 12), kMain}});
  for (int i = 0; i < 12; ++i) {
    heap.allocate(100, 64, i < 6 ? 0 : 1);
    if (i >= 6) heap.free_oldest(100, 0);
    heap.snapshot();
  }
  CHECK(leaks(heap.report()) == 0);
}

TEST_CASE("a leak on one path is not hidden by the ups and downs of another at the same site") {
  const Frame make = frame("make_buffer", "buffer.cpp", 5);
  NamedHeap heap({{kMalloc, make, frame("upload", "app.cpp", 9), kMain},
                  {kMalloc, make, frame("batch", "app.cpp", 12), kMain}});
  for (int i = 0; i < 12; ++i) {
    heap.allocate(30, 64, 0);
    if (i % 3 == 0) heap.free_all(1);
    heap.allocate(100, 64, 1);
    heap.snapshot();
  }
  const Report report = heap.report();
  REQUIRE(leaks(report) == 1);
  CHECK(report.findings[0].stacks.size() == 1);
}

TEST_CASE("tiers of one JavaScript function are one site and beat the native frames below") {
  const auto tier = [](const char* name) {
    Frame js = frame(name, "/srv/app.js", 31, "");
    js.kind = symbolize::FrameKind::kJavaScript;
    return js;
  };
  const Frame node = frame("node::Buffer::New(v8::Isolate*)", "", 0, "/usr/bin/node");
  NamedHeap heap(
      {{kMalloc, node, tier("~collect"), node}, {kMalloc, node, tier("*collect"), node}});
  heap.recording().jit_map = "perf.map";
  for (int i = 0; i < 10; ++i) {
    heap.allocate(20, 4096, i < 5 ? 0 : 1);
    heap.snapshot();
  }
  const Report report = heap.report();
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings[0].verdict == Verdict::kLeak);
  CHECK(report.findings[0].site.line == 31);
}

TEST_CASE("modules that are looked through are never the site") {
  NamedHeap heap({{kMalloc, frame("pool_take", "", 0, "/opt/libpool.so.1"),
                   frame("serve", "app.cpp", 8), kMain}});
  for (int i = 0; i < 8; ++i) {
    heap.allocate(20, 64);
    heap.snapshot();
  }
  CHECK(heap.report().findings[0].site.function == "pool_take");
  report::Options options;
  options.look_through = {"libpool"};
  CHECK(heap.report(options).findings[0].site.function == "serve");
}

TEST_CASE("--verdict, --function and --module leave only what they name") {
  NamedHeap heap({{kMalloc, frame("leak_here", "app.cpp", 8), kMain},
                  {kMalloc, frame("warm", "app.cpp", 9), kMain}});
  for (int i = 0; i < 8; ++i) {
    heap.allocate(20, 64, 0);
    if (i < 3) heap.allocate(1000, 100, 1);
    heap.snapshot();
  }
  CHECK(heap.report().findings.size() == 2);
  report::Options options;
  options.verdicts = {Verdict::kBounded};
  REQUIRE(heap.report(options).findings.size() == 1);
  CHECK(heap.report(options).findings[0].site.function == "warm");
  options = {};
  options.function = "leak_h";
  REQUIRE(heap.report(options).findings.size() == 1);
  CHECK(heap.report(options).findings[0].site.function == "leak_here");
  options = {};
  options.module = "libnothing";
  CHECK(heap.report(options).findings.empty());
  CHECK(heap.report(options).stacks.empty());
}

TEST_CASE("doubts about a few hundred bytes of many megabytes are listed, but no finding") {
  NamedHeap heap({{kMalloc, frame("load", "app.cpp", 8), kMain},
                  {kMalloc, frame("late", "app.cpp", 9), kMain}});
  heap.allocate(10, 1000000, 0);
  for (int i = 0; i < 8; ++i) {
    heap.churn(1000);
    if (i == 7) heap.allocate(8, 30, 1);
    heap.snapshot();
  }
  const Report report = heap.report();
  CHECK(report.findings.empty());
  REQUIRE(!report.stacks.empty());
  CHECK(report.stacks[0].frames[0].function == "late");
}

TEST_CASE("a single snapshot lists what is in use and says that it is not growth") {
  NamedHeap heap(
      {{kMalloc, frame("a", "app.cpp", 8), kMain}, {kMalloc, frame("b", "app.cpp", 9), kMain}});
  heap.allocate(1, 10, 0);
  heap.allocate(1, 5000, 1);
  heap.snapshot();
  const Report report = heap.report();
  CHECK(report.findings.empty());
  REQUIRE(report.stacks.size() == 2);
  CHECK(report.stacks[0].frames[0].function == "b");
  bool told = false;
  for (const std::string& note : report.notes) told = told || note.find("single snapshot") == 2;
  CHECK(told);
}

TEST_CASE("the time until the limit follows from pace and resident memory") {
  NamedHeap heap({{kMalloc, frame("a", "app.cpp", 8), kMain}});
  for (int i = 0; i < 8; ++i) {
    heap.allocate(10, 100);
    heap.snapshot();
  }
  heap.recording().snapshots.back().meta.rss_bytes = 50000;
  report::Options options;
  options.limit_bytes = 150000;
  const Report report = heap.report(options);
  REQUIRE(report.findings.size() == 1);
  REQUIRE(report.findings[0].seconds_to_limit);
  CHECK(*report.findings[0].seconds_to_limit == Approx(100));
}

}  // namespace
}  // namespace silt::test
