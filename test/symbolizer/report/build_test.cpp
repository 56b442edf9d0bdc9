// SPDX-License-Identifier: Apache-2.0
//
// Whole reports: what the options leave in, what one snapshot says, when the limit is reached.

#include "symbolizer/report/build.h"

#include <catch2/catch.hpp>
#include <string>

#include "test/symbolizer/report/named_heap.h"

namespace silt::test {
namespace {

using analyze::Verdict;
using report::Report;

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

TEST_CASE("--top counts the stacks besides those of findings") {
  const symbolize::Frame leak = frame("leak_here", "app.cpp", 8);
  NamedHeap heap({{kMalloc, leak, kMain},
                  {kMalloc, leak, frame("caller", "app.cpp", 20), kMain},
                  {kMalloc, frame("kept", "app.cpp", 9), kMain},
                  {kMalloc, frame("kept", "app.cpp", 10), kMain}});
  heap.allocate(1, 700, 2);
  heap.allocate(1, 600, 3);
  for (int i = 0; i < 8; ++i) {
    heap.allocate(20, 64, 0);
    heap.allocate(20, 64, 1);
    heap.snapshot();
  }
  report::Options options;
  options.top = 1;
  const Report report = heap.report(options);
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings[0].stacks.size() == 2);
  CHECK(report.stacks.size() == 3);
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

TEST_CASE("how busy a process was is told by the objects of its runtimes too") {
  NamedHeap heap({{kMalloc, frame("a", "app.cpp", 8), kMain}});
  for (int i = 0; i < 5; ++i) {
    heap.churn(100);
    heap.snapshot(36);
  }
  const double native = heap.report().busyness.allocations_per_hour;
  CHECK(native > 0);
  uint64_t objects = 0;
  for (read::Snapshot& snapshot : heap.recording().snapshots) {
    snapshot.runtimes.resize(1);
    snapshot.runtimes[0].objects.allocated_blocks = objects;
    objects += 1000;
  }
  CHECK(heap.report().busyness.allocations_per_hour == Approx(native + 100000));
}

}  // namespace
}  // namespace silt::test
