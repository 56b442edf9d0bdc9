// SPDX-License-Identifier: Apache-2.0
//
// Which groups are parts of one leaked thing, and where its site is then.

#include "symbolizer/report/findings/parts.h"

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "test/symbolizer/report/named_heap.h"

namespace silt::test {
namespace {

using report::Report;
using symbolize::Frame;

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

TEST_CASE("what a function maps and the record that it makes for it are one leak") {
  const Frame map = frame("add_segment", "store.cpp", 31);
  const Frame record = frame("add_segment", "store.cpp", 30);
  for (const bool in_step : {true, false}) {
    NamedHeap heap({{kMalloc, map, kMain}, {kMalloc, record, kMain}});
    heap.recording().stacks[0].heap = read::Heap::kMapping;
    for (int i = 0; i < 10; ++i) {
      const size_t segments = 20 + heap.chance(30);
      heap.allocate(segments, 65536, 0);
      heap.allocate(in_step ? segments : 200 + heap.chance(300), 40, 1);
      heap.snapshot();
    }
    const Report report = heap.report();
    CHECK(leaks(report) == (in_step ? 1 : 2));
  }
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

TEST_CASE("what an event loop keeps beside the leak does not make its starter the site") {
  const Frame loop = frame("run_once", "", 0, "/usr/lib/libloop.so.1");
  const Frame queue = frame("add_timer", "", 0, "/usr/lib/libloop.so.1");
  const Frame serve = frame("serve", "app.cpp", 81);
  NamedHeap heap({{kNew, frame("on_request", "app.cpp", 21), loop, serve, kMain},
                  {kMalloc, queue, loop, serve, kMain}});
  for (size_t i = 1; i <= 10; ++i) {
    heap.allocate(200 + heap.chance(30), 100, 0);
    heap.free_all(1);
    heap.allocate(1, 2000 * i, 1);
    heap.snapshot();
  }
  const Report report = heap.report();
  REQUIRE(leaks(report) == 1);
  CHECK(report.findings[0].site.function == "on_request");
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

TEST_CASE("what one statement of main makes block for block is one finding") {
  const Frame start = frame("_start", "", 0, "/srv/app");
  for (const uint32_t line : {95U, 96U}) {
    Frame around = frame("main", "app.cpp", line);
    around.column = 9;
    NamedHeap heap({{kMalloc, frame("render", "tile.cpp", 70), frame("main", "app.cpp", 95), start},
                    {kMalloc, frame("insert", "cache.cpp", 36), around, start}});
    for (int i = 0; i < 10; ++i) {
      const size_t tiles = 50 + heap.chance(100);
      heap.allocate(2 * tiles, 900, 0);
      heap.allocate(tiles, 40, 1);
      heap.snapshot();
    }
    const Report report = heap.report();
    CHECK(leaks(report) == (line == 95 ? 1 : 2));
    CHECK(report.findings[0].site.function == "render");
  }
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

TEST_CASE("the line that makes an object is the site, not its constructor that makes the parts") {
  for (const char* caller : {"draw(int)", "main"}) {
    const Frame made = frame(caller, "app.cpp", 23);
    const Frame constructor = frame("Texture::Texture(int)", "app.cpp", 12);
    NamedHeap heap(
        {{kNew, constructor, frame("std::make_unique<Texture, int&>(int&)"), made, kMain},
         {kNew, frame("std::make_unique<Texture, int&>(int&)"), made, kMain}});
    for (int i = 0; i < 8; ++i) {
      const size_t textures = 10 + heap.chance(12);
      heap.allocate(textures, 960, 0);
      heap.allocate(textures, 48, 1);
      heap.snapshot();
    }
    const Report report = heap.report();
    REQUIRE(leaks(report) == 1);
    CHECK(report.findings[0].site.function == caller);
    CHECK(report.findings[0].site.line == 23);
  }
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

}  // namespace
}  // namespace silt::test
