// SPDX-License-Identifier: Apache-2.0
//
// A baseline and owners: what a variable keeps is known from whichever place it comes, until all of
// it together is worse.

#include "symbolizer/report/gate/baseline.h"

#include <catch2/catch.hpp>

#include "symbolizer/report/gate/policy.h"
#include "test/symbolizer/report/named_heap.h"

namespace silt::test {
namespace {

using report::OwnerLine;
using report::Report;

// `more`: so many blocks more in each second window, and less in the others.
Report leaking_in(const char* function, OwnerLine owner, size_t blocks = 10, size_t more = 0) {
  NamedHeap heap({{frame("malloc", "", 0, "/x/libsilt.so"), frame(function, "src/t.cpp", 31),
                   frame("main", "src/main.cpp", 5)}});
  for (int i = 0; i < 8; ++i) {
    heap.allocate(i % 2 == 0 ? blocks + more : blocks - more, 100);
    heap.snapshot();
  }
  Report report = heap.report();
  REQUIRE(report.findings.size() == 1);
  report.findings[0].owners = {std::move(owner)};
  return report;
}

OwnerLine owner(const char* kind, const char* name, double share = 0.97) {
  OwnerLine line;
  line.kind = kind;
  line.name = name;
  line.share = share;
  return line;
}

// Whether the second is known by the first one's baseline.
bool knows(const Report& before, Report now) {
  const auto baseline = report::parse_baseline(report::write_baseline(before));
  REQUIRE(baseline);
  report::apply_policy(now, {}, {}, *baseline, "2026-01-01");
  REQUIRE(now.gate.rulings.size() == 1);
  return now.gate.rulings[0].outcome == report::Outcome::kExcused;
}

TEST_CASE("a baseline knows what the same variable keeps, from another place, until it is worse") {
  const Report before = leaking_in("add", owner("global", "server.table_"));
  CHECK(knows(before, leaking_in("insert", owner("global", "server.table_"))));
  CHECK_FALSE(knows(before, leaking_in("insert", owner("global", "server.table_"), 20)));
  CHECK_FALSE(knows(before, leaking_in("insert", owner("global", "server.queue_"))));
}

TEST_CASE("a leak with each request is not worse where there are more requests") {
  const auto busy = [](Report report, double allocations, double processors) {
    report.busyness = {allocations, processors};
    return report;
  };
  const OwnerLine nobody = owner("lost", "");
  const Report before = busy(leaking_in("add", nobody), 1e6, 0.2);
  const Report twice = leaking_in("add", nobody, 20);
  CHECK(knows(before, busy(twice, 2e6, 0.4)));
  // As many requests, each of which leaks more: allocating that is not being busier.
  CHECK_FALSE(knows(before, busy(twice, 2e6, 0.2)));
  // A program that takes longer for the same work.
  CHECK_FALSE(knows(before, busy(twice, 1e6, 0.4)));
  CHECK_FALSE(knows(before, busy(leaking_in("add", nobody, 40), 2e6, 0.4)));
  // Less busy: the pace is what it is.
  CHECK(knows(before, busy(leaking_in("add", nobody), 1e5, 0.02)));
  // Recordings of an older library say nothing of it.
  CHECK_FALSE(knows(before, twice));
  CHECK_FALSE(knows(leaking_in("add", nobody), busy(twice, 2e6, 0.4)));
}

TEST_CASE("a baseline knows no owner that has a part only, or another name in each run") {
  for (const OwnerLine& line : {owner("global", "server.table_", 0.5), owner("stack", "thread 7"),
                                owner("lost", ""), owner("mapping", "load in app")}) {
    CAPTURE(line.kind);
    CHECK_FALSE(knows(leaking_in("add", line), leaking_in("insert", line)));
    CHECK(knows(leaking_in("add", line), leaking_in("add", line)));
  }
}

TEST_CASE("a variable of a script is known by its file's name, wherever that lies") {
  OwnerLine cache = owner("js_object", "cache\n");
  cache.what = "Map";
  cache.place = "/build/1/app.js";
  const Report before = leaking_in("add", cache);
  CHECK(report::write_baseline(before).find("|owner|cache (Map) in app.js\n") != std::string::npos);
  cache.place = "/srv/app.js";
  CHECK(knows(before, leaking_in("insert", cache)));
}

TEST_CASE("a sampled pace may differ by what chance makes of two runs") {
  const auto by = [](size_t blocks, double error) {
    Report report = leaking_in("add", owner("global", "server.table_"), blocks);
    report.findings[0].pace_error = error;
    return report;
  };
  const Report before = by(10, 0);
  CHECK_FALSE(knows(before, by(15, 0)));
  CHECK(knows(before, by(15, 0.125)));
  CHECK_FALSE(knows(before, by(18, 0.125)));
}

TEST_CASE("a pace that differs from window to window may differ as much from run to run") {
  const auto by = [](size_t blocks, size_t more) {
    return leaking_in("add", owner("global", "server.table_"), blocks, more);
  };
  const Report before = by(10, 0);
  CHECK_FALSE(knows(before, by(15, 0)));
  CHECK(knows(before, by(15, 8)));
  CHECK_FALSE(knows(before, by(30, 8)));
}

}  // namespace
}  // namespace silt::test
