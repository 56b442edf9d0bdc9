// SPDX-License-Identifier: Apache-2.0
//
// Processes that took snapshots at moments of their own, reported together.

#include "symbolizer/report/line_up.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "symbolizer/report/compare.h"

namespace silt::report {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kNoon = 1'700'000'000 * kSecond;

// A process that began `begin` seconds after noon; live megabytes at seconds after noon.
Report process(uint32_t pid, double begin, const std::vector<std::pair<double, uint64_t>>& live,
               size_t judged) {
  Report report;
  report.pid = pid;
  report.program = "server";
  report.start_realtime_ns = kNoon + static_cast<uint64_t>(begin * kSecond);
  for (const auto& [seconds, megabytes] : live) {
    SnapshotLine line;
    line.sequence = static_cast<uint32_t>(report.snapshots.size());
    line.realtime_ns = kNoon + static_cast<uint64_t>(seconds * kSecond);
    line.elapsed_seconds = seconds - begin;
    line.live_bytes = megabytes * 1'000'000;
    report.snapshots.push_back(line);
  }
  report.judged_snapshots = judged;
  return report;
}

std::vector<uint64_t> megabytes(const Report& report) {
  std::vector<uint64_t> live;
  for (const SnapshotLine& line : report.snapshots) live.push_back(line.live_bytes / 1'000'000);
  return live;
}

}  // namespace

TEST_CASE("figures are brought to the moments of the process with most judged snapshots") {
  std::vector<Report> reports = {
      process(1, 0, {{31, 5}}, 1),
      process(2, 0, {{10, 1}, {20, 2}, {30, 3}}, 3),
      process(3, 15, {{20.1, 7}, {30.2, 8}, {31, 0}}, 2),
  };
  reports[2].stacks.resize(1);
  reports[2].stacks[0].live_bytes = {70, 80, 0};
  reports[2].stacks[0].live_blocks = {7, 8, 0};
  reports[2].findings.resize(1);
  reports[2].findings[0].live_bytes = {700, 800, 0};
  CHECK(leading(reports) == 1);
  line_up(reports);
  CHECK(megabytes(reports[0]) == std::vector<uint64_t>{5, 5, 5});
  CHECK(megabytes(reports[1]) == std::vector<uint64_t>{1, 2, 3});
  // Not begun at the first; a little later than the others at the second.
  CHECK(megabytes(reports[2]) == std::vector<uint64_t>{0, 7, 0});
  CHECK(reports[2].stacks[0].live_bytes == std::vector<uint64_t>{0, 70, 0});
  CHECK(reports[2].stacks[0].live_blocks == std::vector<uint64_t>{0, 7, 0});
  CHECK(reports[2].findings[0].live_bytes == std::vector<uint64_t>{0, 700, 0});
  for (const Report& report : reports) {
    CHECK(report.snapshots.front().elapsed_seconds == Approx(10));
    CHECK(report.snapshots.back().elapsed_seconds == Approx(30));
  }
}

TEST_CASE("a process with its last picture only does not make the others' run short") {
  std::vector<Report> reports = {process(1, 0, {{31, 5}}, 1),
                                 process(2, 0, {{10, 1}, {20, 2}, {30, 3}}, 3)};
  reports[1].judged_seconds = 20;
  reports[1].detectable_blocks_per_hour = 900;
  const Report all = combine(reports, {"a", "b"});
  CHECK(all.judged_snapshots == 3);
  CHECK(all.judged_seconds == Approx(20));
  CHECK(all.detectable_blocks_per_hour == 900);
  CHECK(megabytes(all) == std::vector<uint64_t>{6, 7, 8});
  CHECK(all.snapshots.back().elapsed_seconds - all.snapshots.front().elapsed_seconds == Approx(20));
  REQUIRE(all.processes.size() == 2);
  CHECK_FALSE(all.processes[0].judged);
  CHECK(live_bytes(all.processes[0].last()) == 5'000'000);
  CHECK(all.processes[1].judged);
  CHECK(live_bytes(all.processes[1].first()) == 1'000'000);
}

TEST_CASE("the least sensitive of the processes that were judged tells what could be seen") {
  std::vector<Report> reports = {process(1, 0, {{10, 1}, {20, 1}}, 2),
                                 process(2, 0, {{10, 1}, {20, 1}}, 2)};
  reports[0].detectable_blocks_per_hour = 100;
  reports[1].detectable_blocks_per_hour = 900;
  reports[1].detectable_script_bytes_per_hour = 5000;
  CHECK(combine(reports, {}).detectable_blocks_per_hour == 900);
  CHECK(combine(reports, {}).detectable_script_bytes_per_hour == 5000);
}

}  // namespace silt::report
