// SPDX-License-Identifier: Apache-2.0

#include <catch2/catch.hpp>

#include "symbolizer/report/compare.h"
#include "symbolizer/report/gate/policy_file.h"
#include "test/symbolizer/report/named_heap.h"

namespace silt::test {
namespace {

using report::apply_policy;
using report::Outcome;
using report::parse_baseline;
using report::parse_policy;
using report::parse_suppressions;
using report::Report;

Report leaking(uint32_t line = 31, size_t blocks = 10) {
  NamedHeap heap({{frame("malloc", "", 0, "/x/libsilt.so"), frame("Table::add", "src/t.cpp", line),
                   frame("main", "src/main.cpp", 5)}});
  for (int i = 0; i < 8; ++i) {
    heap.allocate(blocks, 100);
    heap.snapshot();
  }
  return heap.report();
}

Outcome outcome(const Report& report) {
  REQUIRE(report.gate.rulings.size() == 1);
  return report.gate.rulings[0].outcome;
}

TEST_CASE("by default any leak breaks the gate") {
  Report report = leaking();
  apply_policy(report, {}, {}, {}, "2026-01-01");
  CHECK(outcome(report) == Outcome::kBroken);
}

TEST_CASE("a pace within the policy passes") {
  Report report = leaking();
  const auto policy = parse_policy("growth-per-hour = 4 MB  # 3.6 MB/h is what it does\n");
  REQUIRE(policy);
  apply_policy(report, *policy, {}, {}, "2026-01-01");
  CHECK(outcome(report) == Outcome::kPassed);
}

TEST_CASE("a module has limits of its own") {
  Report report = leaking();
  const auto policy = parse_policy("[module app]\ngrowth-per-hour = 4 MB\n");
  REQUIRE(policy);
  apply_policy(report, *policy, {}, {}, "2026-01-01");
  CHECK(outcome(report) == Outcome::kPassed);
}

TEST_CASE("a policy is TOML") {
  const auto policy = parse_policy(
      "verdicts = [\"leak\", \"growing\"]\nconfidence = 0.8\nsnapshots = 5\n"
      "growth-per-hour = \"1.5 MB\"\ntotal-growth-per-hour = 4000000\ndetectable = \"none\"\n"
      "inconclusive = \"fail\"\nwhole = \"pass\"\nunjudged = \"pass\"\n"
      "[module.libz]\ngrowth-per-hour = \"64 KiB\"\n"
      "[module.\"lib a\"]\ntotal-growth-per-hour = 7\n");
  if (!policy) FAIL(policy.error().message);
  CHECK(!policy->old_form);
  CHECK(policy->growing_breaks);
  CHECK(policy->confidence == 0.8);
  CHECK(policy->snapshots == 5);
  CHECK(policy->each.growth_per_hour == 1.5e6);
  CHECK(policy->total_growth_per_hour == 4e6);
  CHECK(!policy->detectable);
  CHECK(policy->inconclusive_fails);
  CHECK(policy->whole == report::WholeRule::kPass);
  CHECK(!policy->unjudged_fails);
  // As the file has them, not by name: the first that fits a finding holds.
  REQUIRE(policy->modules.size() == 2);
  CHECK(policy->modules[0].name == "libz");
  CHECK(policy->modules[0].each.growth_per_hour == 65536.);
  CHECK(policy->modules[1].name == "lib a");
  CHECK(policy->modules[1].each.growth_per_hour == 1.5e6);
  CHECK(policy->modules[1].total_growth_per_hour == 7.);
}

TEST_CASE("the older form of a policy means the same") {
  const auto policy = parse_policy(
      "verdicts = leak,growing\ngrowth-per-hour = 64 kB\n"
      "[module libz]\ngrowth-per-hour = none\n");
  if (!policy) FAIL(policy.error().message);
  CHECK(policy->old_form);
  CHECK(policy->growing_breaks);
  CHECK(policy->each.growth_per_hour == 64000.);
  REQUIRE(policy->modules.size() == 1);
  CHECK(policy->modules[0].name == "libz");
  CHECK(!policy->modules[0].each.growth_per_hour);
}

TEST_CASE("mistakes in a policy are told with their line") {
  const auto told = [](const char* text) {
    const auto policy = parse_policy(text);
    return policy ? std::string() : policy.error().message;
  };
  using Catch::StartsWith;
  CHECK_THAT(told("confidence = 0.5\nconfidence = 0.6\n"), StartsWith("line 2: "));
  CHECK_THAT(told("whole = pass\nwhole = fail\n"), StartsWith("line 2: 'whole' is set twice"));
  CHECK_THAT(told("snapshots = 4\n\ncolour = \"red\"\n"),
             StartsWith("line 3: unknown key 'colour'; known are"));
  CHECK_THAT(told("colour = red\n"), StartsWith("line 1: unknown key 'colour'"));
  CHECK_THAT(told("confidence = \"high\"\n"), StartsWith("line 1: 'confidence' is 'high'"));
  CHECK_THAT(told("growth-per-hour = -1\n"), StartsWith("line 1: 'growth-per-hour' is '-1'"));
  CHECK_THAT(told("snapshots = 2.5\n"), StartsWith("line 1: 'snapshots' is '2.5'"));
  CHECK_THAT(told("whole = [1]\n"), StartsWith("line 1: 'whole' is neither"));
  CHECK_THAT(told("verdicts = [\"growing\"]\n"), StartsWith("line 1: 'verdicts' is 'growing'"));
  CHECK_THAT(told("module = 1\n"), StartsWith("line 1: expected [module.NAME]"));
  CHECK_THAT(told("[module.a]\nconfidence = 0.1\n"),
             StartsWith("line 2: 'confidence' is not a key of a module"));
  CHECK_THAT(told("whole = \"pass\n"), StartsWith("line 1: "));
}

TEST_CASE("all findings together may break a total") {
  Report report = leaking();
  const auto policy = parse_policy("growth-per-hour = none\ntotal-growth-per-hour = 1MB\n");
  REQUIRE(policy);
  apply_policy(report, *policy, {}, {}, "2026-01-01");
  REQUIRE(report.gate.rulings.size() == 2);
  CHECK(report.gate.rulings[0].outcome == Outcome::kPassed);
  CHECK(report.gate.rulings[1].outcome == Outcome::kBroken);
  CHECK_FALSE(report.gate.rulings[1].finding);
}

TEST_CASE("a suppression excuses with its reason until its last day") {
  const auto suppressions = parse_suppressions("leak:^Table::* until=2026-06-30  # known, #12\n");
  REQUIRE(suppressions);
  Report report = leaking();
  apply_policy(report, {}, *suppressions, {}, "2026-06-30");
  CHECK(outcome(report) == Outcome::kExcused);
  CHECK(report.gate.rulings[0].why.find("known, #12") != std::string::npos);
  apply_policy(report, {}, *suppressions, {}, "2026-07-01");
  CHECK(outcome(report) == Outcome::kBroken);
  CHECK(report.notes.back().find("ran out on 2026-06-30") != std::string::npos);
}

TEST_CASE("a suppression that matches nothing is told") {
  const auto suppressions = parse_suppressions("leak:no_such  # gone\n");
  REQUIRE(suppressions);
  Report report = leaking();
  apply_policy(report, {}, *suppressions, {}, "2026-01-01");
  CHECK(outcome(report) == Outcome::kBroken);
  CHECK(report.notes.back().find("matched nothing") != std::string::npos);
}

TEST_CASE("a baseline excuses what is known, by function, though lines moved, until it is worse") {
  const auto baseline = parse_baseline(write_baseline(leaking(31)));
  REQUIRE(baseline);
  REQUIRE(baseline->size() == 1);
  Report same = leaking(47);
  apply_policy(same, {}, {}, *baseline, "2026-01-01");
  CHECK(outcome(same) == Outcome::kExcused);
  Report worse = leaking(47, 20);
  apply_policy(worse, {}, {}, *baseline, "2026-01-01");
  CHECK(outcome(worse) == Outcome::kBroken);
  CHECK(worse.findings[0].change == report::Change::kWorse);
}

// A session of three blocks made by one function and two by its caller, one of them now and then
// not yet made when a snapshot is taken.
Report session(unsigned seed, bool cut, bool apart = false) {
  NamedHeap heap(
      {{frame("malloc", "", 0, "/x/libsilt.so"), frame("create", "s.cpp", 80),
        frame("visit", "s.cpp", 63), frame("answer", "s.cpp", 143), frame("main", "s.cpp", 5)},
       {frame("malloc", "", 0, "/x/libsilt.so"), frame("visit", "s.cpp", 64),
        frame("answer", "s.cpp", 143), frame("main", "s.cpp", 5)}},
      seed);
  for (size_t i = 0; i < 10; ++i) {
    const size_t made = 5 + heap.chance(9);
    const size_t early = cut && i % 3 == 1 ? 1 : 0;
    const size_t late = cut && i % 3 == 2 ? 1 : 0;
    heap.allocate(3 * (apart ? 5 + heap.chance(9) : made), 64, 0);
    heap.allocate(2 * made - early + late, 50, 1);
    heap.snapshot();
  }
  return heap.report();
}

TEST_CASE("a thing half made when a snapshot is taken is one finding all the same") {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    const Report report = session(seed, seed % 2 == 0);
    REQUIRE(report.findings.size() == 1);
    CHECK(report.findings[0].site.function == "visit");
  }
}

TEST_CASE("a baseline knows a leak whether its places were one finding or two") {
  const Report one = session(2, false);
  const Report two = session(2, false, true);
  REQUIRE(one.findings.size() == 1);
  REQUIRE(two.findings.size() == 2);
  for (const auto& [before, now] : {std::pair{one, two}, std::pair{two, one}}) {
    const auto baseline = parse_baseline(write_baseline(before));
    REQUIRE(baseline);
    Report report = now;
    apply_policy(report, {}, {}, *baseline, "2026-01-01");
    for (const report::Ruling& ruling : report.gate.rulings) {
      CHECK(ruling.outcome == Outcome::kExcused);
    }
  }
}

TEST_CASE("too few snapshots are inconclusive") {
  NamedHeap heap({{frame("f", "f.c", 1)}});
  heap.allocate(10, 100);
  heap.snapshot();
  heap.snapshot();
  Report report = heap.report();
  apply_policy(report, {}, {}, {}, "2026-01-01");
  CHECK(outcome(report) == Outcome::kInconclusive);
}

TEST_CASE(
    "processes that could not be judged make a run inconclusive unless the policy says else") {
  Report report = leaking(31, 0);
  report.unjudged = {{42, "worker", "it gave no snapshot"}};
  apply_policy(report, {}, {}, {}, "2026-01-01");
  REQUIRE(report.gate.rulings.size() == 1);
  CHECK(report.gate.rulings[0].outcome == Outcome::kInconclusive);
  CHECK(report.gate.rulings[0].rule == report::kUnjudgedRule);
  CHECK(report.gate.rulings[0].why ==
        "process 42 (worker) could not be judged: it gave no snapshot");
  apply_policy(report, parse_policy("unjudged = pass").value(), {}, {}, "2026-01-01");
  CHECK(report.gate.rulings.empty());
  CHECK(report.notes.back().find("process 42 (worker)") == 0);
  CHECK(parse_policy("unjudged = maybe").error().message.find("pass or fail") != std::string::npos);
}

TEST_CASE("mistakes in a policy name their line and what would be right") {
  CHECK(parse_policy("\ngrowth = 4\n").error().message.find("line 2: unknown key 'growth'") == 0);
  CHECK(parse_policy("growth-per-hour = many").error().message.find("expected a size") !=
        std::string::npos);
  CHECK(parse_policy("confidence = 2").error().message.find("0 to 1") != std::string::npos);
  CHECK(parse_policy("[modul x]").error().message.find("[module.NAME]") != std::string::npos);
  CHECK(parse_policy("[module x]\nsnapshots = 3").error().message.find("not a key of a module") !=
        std::string::npos);
  CHECK(parse_suppressions("Table::add").error().message.find("leak:PATTERN") != std::string::npos);
  CHECK(parse_suppressions("leak:x")->front().reason.empty());
  CHECK(parse_suppressions("leak:*  # all").error().message.find("everything") !=
        std::string::npos);
  CHECK(parse_suppressions("leak:x until=soon  # r").error().message.find("not a date") !=
        std::string::npos);
  CHECK(parse_baseline("fast Table").error().message.find("line 1") == 0);
}

TEST_CASE("several processes are one report that says who leaks") {
  const auto worker = [](uint32_t pid, size_t blocks) {
    NamedHeap heap({{frame("upload", "w.c", 9), frame("main", "w.c", 20)}});
    for (int i = 0; i < 8; ++i) {
      heap.allocate(blocks, 400);
      heap.churn(100);
      heap.snapshot();
    }
    Report report = heap.report();
    report.pid = pid;
    return report;
  };
  std::vector<Report> reports = {worker(11, 0), worker(12, 0), worker(13, 20)};
  const Report all = report::combine(std::move(reports), {"a", "b", "c"});
  REQUIRE(all.findings.size() == 1);
  REQUIRE(all.findings[0].shares.size() == 1);
  CHECK(all.processes[all.findings[0].shares[0].process].pid == 13);
  CHECK(all.notes.back() == "only in pid 13, not in the other 2: upload");
  CHECK(all.processes.size() == 3);
}

TEST_CASE("against an older report findings are new, worse or known") {
  Report now = leaking(31, 30);
  report::compare(now, leaking(12, 10));
  CHECK(now.findings[0].change == report::Change::kWorse);
  Report same = leaking(31, 10);
  report::compare(same, leaking(12, 10));
  CHECK(same.findings[0].change == report::Change::kKnown);
  NamedHeap idle({{frame("main", "m.c", 1)}});
  for (int i = 0; i < 8; ++i) idle.snapshot();
  Report fresh = leaking();
  report::compare(fresh, idle.report());
  CHECK(fresh.findings[0].change == report::Change::kNew);
  Report gone = idle.report();
  report::compare(gone, leaking());
  CHECK(gone.notes.back() == "no longer grows: Table::add");
}

}  // namespace
}  // namespace silt::test
