// SPDX-License-Identifier: Apache-2.0
//
// One leak, one finding, and the site where it is.

#include "symbolizer/report/findings/fold.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "test/symbolizer/report/named_heap.h"

namespace silt::test {
namespace {

using analyze::Verdict;
using report::Report;
using symbolize::Frame;

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

TEST_CASE("a cache that one path fills ever more slowly and another renews is no leak") {
  const bool leaks_too = GENERATE(false, true);
  NamedHeap heap(
      {{kMalloc, frame("render", "cache.cpp", 5), frame("read", "app.cpp", 9), kMain},
       {kMalloc, frame("render", "cache.cpp", 5), frame("write", "app.cpp", 12), kMain}});
  constexpr int kEntries = 3000;
  int entries = 0;
  for (int i = 0; i < 12; ++i) {
    // What is not there yet is rendered by who reads it; who writes takes an old one's place.
    const int fresh = (kEntries - entries) / 3;
    entries += fresh;
    heap.allocate(static_cast<size_t>(fresh), 900, 0);
    const size_t renewed = std::min<size_t>(120, heap.live(0));
    heap.allocate(renewed + (leaks_too ? 100 : 0), 900, 1);
    heap.free_oldest(renewed, 0);
    heap.snapshot();
  }
  CHECK(leaks(heap.report()) == (leaks_too ? 1 : 0));
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

}  // namespace
}  // namespace silt::test
