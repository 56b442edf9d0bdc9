// SPDX-License-Identifier: Apache-2.0

#include "symbolizer/report/gate/unjudged.h"

#include <catch2/catch.hpp>

namespace silt::report {
namespace {

RecordedProcess process(uint32_t pid, double lived, size_t snapshots) {
  RecordedProcess made;
  made.pid = pid;
  made.program = "server";
  made.lived_seconds = lived;
  made.judged_seconds = snapshots > 1 ? lived : 0;
  made.judged_snapshots = snapshots;
  return made;
}

TEST_CASE("a recorded child without a recording is named") {
  RecordedProcess master = process(1, 60, 8);
  master.children = {{2, 55, "worker"}, {3, 2, "helper"}};
  const auto found = find_unjudged({master});
  REQUIRE(found.size() == 1);
  CHECK(found[0].pid == 2);
  CHECK(found[0].program == "worker");
  CHECK(found[0].why.find("process 1") != std::string::npos);
}

TEST_CASE("children that are judged or short-lived are not missed") {
  RecordedProcess master = process(1, 60, 8);
  master.children = {{2, 55, "worker"}, {3, 9.9, "helper"}};
  CHECK(find_unjudged({master, process(2, 55, 4)}).empty());
}

TEST_CASE("a recording that is too short is missed if its process lived long") {
  const auto found = find_unjudged({process(1, 60, 8), process(2, 30, 2), process(3, 5, 1)});
  REQUIRE(found.size() == 1);
  CHECK(found[0].pid == 2);
  CHECK(found[0].why.find("2 snapshots") != std::string::npos);
}

TEST_CASE("a parent may have seen a process live longer than its own snapshots show") {
  RecordedProcess master = process(1, 60, 8);
  master.children = {{2, 50, "worker"}};
  CHECK(find_unjudged({master, process(2, 3, 1)}).size() == 1);
}

TEST_CASE("one of two recordings of a process is enough") {
  CHECK(find_unjudged({process(1, 20, 2), process(1, 60, 8)}).empty());
}

TEST_CASE("two containers' process 1 are not one process") {
  RecordedProcess pod = process(1, 60, 8);
  pod.place = "shop-1";
  RecordedProcess other = process(1, 60, 2);
  other.place = "shop-2";
  CHECK(find_unjudged({pod, other}).size() == 1);
  other.place = pod.place;
  CHECK(find_unjudged({pod, other}).empty());
  // Nor is a child of one found in the other.
  pod.children = {{7, 50, "worker"}};
  RecordedProcess worker = process(7, 50, 8);
  worker.place = "shop-2";
  CHECK(find_unjudged({pod, worker}).size() == 1);
}

TEST_CASE("in a short run half of it is long") {
  RecordedProcess master = process(1, 8, 8);
  master.children = {{2, 4.5, "worker"}, {3, 3.5, "helper"}};
  const auto found = find_unjudged({master});
  REQUIRE(found.size() == 1);
  CHECK(found[0].pid == 2);
}

TEST_CASE("a run that is too short altogether names nobody") {
  RecordedProcess master = process(1, 60, 2);
  master.children = {{2, 55, "worker"}};
  CHECK(find_unjudged({master}).empty());
  CHECK(worth_a_verdict({master, process(2, 3, 1)}) == std::vector<bool>{true, true});
}

TEST_CASE("short recordings are left out beside longer ones") {
  CHECK(worth_a_verdict({process(1, 3, 1), process(2, 60, 4)}) == std::vector<bool>{false, true});
}

}  // namespace
}  // namespace silt::report
