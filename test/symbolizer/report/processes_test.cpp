// SPDX-License-Identifier: Apache-2.0
//
// What each of several processes keeps of its own when they are reported together.

#include "symbolizer/report/processes.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "symbolizer/report/compare.h"

namespace silt::report {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kNoon = 1'700'000'000 * kSecond;

// With a snapshot every ten seconds from its start on, `begin` seconds after noon.
Report process(uint32_t pid, const std::string& program, uint64_t begin, uint32_t snapshots) {
  Report report;
  report.pid = pid;
  report.program = program;
  report.start_realtime_ns = kNoon + begin * kSecond;
  for (uint32_t i = 0; i < snapshots; ++i) {
    SnapshotLine line;
    line.sequence = i;
    line.elapsed_seconds = 10.0 * (i + 1);
    line.realtime_ns = report.start_realtime_ns + 10 * (i + 1) * kSecond;
    line.rss_bytes = pid * 1000 + i;
    line.live_bytes = 100;
    line.mapping_bytes = i;
    report.snapshots.push_back(line);
  }
  report.judged_snapshots = snapshots;
  return report;
}

Finding finding(const std::string& function, Verdict verdict, double bytes_per_hour) {
  Finding found;
  found.verdict = verdict;
  found.site.function = function;
  found.growth_bytes = 10;
  found.bytes_per_hour = bytes_per_hour;
  return found;
}

}  // namespace

TEST_CASE("sums are told by the clock of one process, and each keeps its own") {
  // The one with most snapshots began five minutes before the first that was given.
  const Report all = combine({process(7, "shop", 300, 3), process(8, "worker", 0, 40)}, {"a", "b"});
  CHECK(all.pid == 8);
  CHECK(all.program == "worker");
  CHECK(all.start_realtime_ns == kNoon);
  REQUIRE(all.snapshots.size() == 40);
  for (size_t i = 0; i < all.snapshots.size(); ++i) {
    CHECK(all.snapshots[i].elapsed_seconds == Approx(10.0 * static_cast<double>(i + 1)));
    CHECK(all.snapshots[i].realtime_ns ==
          all.start_realtime_ns +
              static_cast<uint64_t>(all.snapshots[i].elapsed_seconds) * kSecond);
  }
  CHECK(all.snapshots.back().rss_bytes == 7002 + 8039);
  REQUIRE(all.processes.size() == 2);
  const ProcessLine& shop = all.processes[0];
  CHECK(shop.who == "pid 7");
  CHECK(shop.start_realtime_ns == kNoon + 300 * kSecond);
  REQUIRE(shop.snapshots.size() == 3);
  CHECK(shop.snapshots[1].elapsed_seconds == Approx(20));
  CHECK(shop.first().rss_bytes == 7000);
  CHECK(shop.last().rss_bytes == 7002);
  CHECK(live_bytes(shop.last()) == 102);
}

TEST_CASE("a process's verdict and pace are of its own findings") {
  std::vector<Report> reports = {process(7, "shop", 0, 5), process(8, "shop", 0, 5)};
  reports[0].findings = {finding("f", Verdict::kLeak, 100), finding("g", Verdict::kGrowing, 20),
                         finding("h", Verdict::kBounded, 7)};
  reports[1].findings = {finding("h", Verdict::kBounded, 7)};
  const Report all = combine(reports, {"a", "b"});
  CHECK(all.processes[0].leaks == 1);
  CHECK(all.processes[0].growing == 1);
  CHECK(all.processes[0].bytes_per_hour == Approx(120));
  CHECK(all.processes[1].leaks + all.processes[1].growing == 0);
  CHECK_FALSE(all.processes[1].bytes_per_hour);
  REQUIRE(all.findings.size() == 3);
  REQUIRE(!all.notes.empty());
  CHECK(all.notes.back() == "only in pid 7, not in the other 1: f");
}

TEST_CASE("processes of one number are told apart by their recordings") {
  const std::vector<ProcessLine> lines =
      process_lines({process(1, "a", 0, 1), process(1, "a", 0, 1), process(1, "a", 0, 1)},
                    {"x/silt.a.1", "x/silt.a.1.2", "y/silt.a.1"});
  CHECK(lines[1].who == "pid 1 (silt.a.1.2)");
  CHECK(lines[0].who == "pid 1 (silt.a.1) (x/silt.a.1)");
  CHECK(lines[2].who == "pid 1 (silt.a.1) (y/silt.a.1)");
}

TEST_CASE("what processes say alike is told once") {
  ToldLines told;
  for (int i = 1; i <= 6; ++i) {
    told.add("pid " + std::to_string(i), i == 6 ? std::vector<std::string>{"exact", "alone"}
                                                : std::vector<std::string>{"exact", "like others"});
  }
  CHECK(told.take() == std::vector<std::string>{"each process: exact",
                                                "pid 1, pid 2, pid 3 and 2 more: like others",
                                                "pid 6: alone"});
}

}  // namespace silt::report
