// SPDX-License-Identifier: Apache-2.0
//
// How sure findings are by the age of the process.

#include "symbolizer/report/youth.h"

#include <catch2/catch.hpp>
#include <string>

#include "symbolizer/render/reason_words.h"
#include "test/symbolizer/report/named_heap.h"

namespace silt::test {
namespace {

using report::Report;

// A leak in each of ten windows of so many seconds; `lost`: nothing points to its blocks.
Report leak_at(double seconds, bool lost = false) {
  NamedHeap heap({{kMalloc, frame("add_session", "app.cpp", 8), kMain}});
  for (int i = 0; i < 11; ++i) {
    heap.allocate(50, 64, 0);
    heap.snapshot(seconds);
  }
  if (lost) {
    read::Owners owners;
    owners.found = true;
    read::OwnersRow row;
    row.stack = number_of(heap.recording().stacks[0].id);
    row.lost_blocks = 550;
    row.lost_bytes = row.lost_blocks * 64;
    owners.rows.push_back(row);
    heap.recording().owners = owners;
  }
  Report report = heap.report();
  REQUIRE(leaks(report) == 1);
  return report;
}

size_t notes_of_age(const Report& report) {
  size_t count = 0;
  for (const std::string& note : report.notes) {
    count += note.find("old at the last snapshot") != std::string::npos ? 1 : 0;
  }
  return count;
}

TEST_CASE("a leak by its curve is no surer than findings at that age were right") {
  const Report old = leak_at(20);
  CHECK(old.findings[0].confidence > 0.9);
  CHECK(notes_of_age(old) == 0);
  CHECK(render::reason_text(old.findings[0].why).find("no surer") == std::string::npos);

  const Report young = leak_at(8);
  CHECK(young.findings[0].confidence == 0.9);
  CHECK(notes_of_age(young) == 1);

  const Report newborn = leak_at(2);
  CHECK(newborn.findings[0].confidence == 0.8);
  CHECK(notes_of_age(newborn) == 1);
  CHECK(render::reason_text(newborn.findings[0].why)
            .ends_with("; no surer, since the process was only 22 s old"));

  const Report lost = leak_at(2, true);
  CHECK(lost.findings[0].confidence > 0.9);
  CHECK(notes_of_age(lost) == 0);
}

TEST_CASE("doubts about the age make no finding surer, and none where nothing leaks") {
  NamedHeap heap({{kMalloc, frame("warm", "app.cpp", 8), kMain}});
  heap.allocate(1000, 64, 0);
  for (int i = 0; i < 8; ++i) {
    heap.churn(100);
    heap.snapshot();
  }
  CHECK(notes_of_age(heap.report()) == 0);

  NamedHeap unsure({{kMalloc, frame("add", "app.cpp", 8), kMain}});
  for (int i = 0; i < 4; ++i) {
    unsure.allocate(6, 64, 0);
    unsure.snapshot();
  }
  const Report report = unsure.report();
  for (const report::Finding& finding : report.findings) CHECK(finding.confidence <= 0.8);
}

}  // namespace
}  // namespace silt::test
