// SPDX-License-Identifier: Apache-2.0
//
// At which sizes a snapshot is due, with values.

#include "interposer/snapshot/size_watch.h"

#include <catch2/catch.hpp>
#include <string>

namespace silt::snapshot {
namespace {

SizeMarks* marks_of(const std::string& text, uint64_t resident_at_start) {
  static SizeMarks marks;
  new (&marks) SizeMarks{};
  format::MemoryMarks parsed{};
  REQUIRE(format::parse_memory_marks(text.data(), text.size(), &parsed));
  marks.set(parsed);
  marks.note_taken(resident_at_start);
  return &marks;
}

bool at(SizeMarks* marks, uint64_t resident) { return marks->reached({resident, 0, 0}); }
bool in_group(SizeMarks* marks, uint64_t used) { return marks->reached({1, used, 1000}); }

}  // namespace

TEST_CASE("a size counts once, and again after memory fell below three quarters of it") {
  SizeMarks* const marks = marks_of("1000", 10);
  CHECK_FALSE(at(marks, 999));
  CHECK(at(marks, 1000));
  CHECK_FALSE(at(marks, 2000));
  CHECK_FALSE(at(marks, 750));
  CHECK_FALSE(at(marks, 1000));
  CHECK_FALSE(at(marks, 749));
  CHECK(at(marks, 1001));
}

TEST_CASE("several marks passed at once are one snapshot") {
  SizeMarks* const marks = marks_of("100,200,300", 10);
  CHECK(at(marks, 250));
  CHECK_FALSE(at(marks, 290));
  CHECK(at(marks, 300));
}

TEST_CASE("growth counts from the last snapshot, and from what was tried to take") {
  SizeMarks* const marks = marks_of("+50", 100);
  CHECK_FALSE(at(marks, 149));
  CHECK(at(marks, 150));
  CHECK_FALSE(at(marks, 199));
  marks->note_taken(180);
  CHECK_FALSE(at(marks, 229));
  CHECK(at(marks, 230));
  CHECK_FALSE(at(marks, 10));
}

TEST_CASE("growth by a share is a share of what was resident at the last snapshot") {
  SizeMarks* const marks = marks_of("+25%", 400);
  CHECK_FALSE(at(marks, 499));
  CHECK(at(marks, 500));
  CHECK_FALSE(at(marks, 624));
  CHECK(at(marks, 625));
}

TEST_CASE("a share of the limit is of what the cgroup uses, and nothing without a limit") {
  SizeMarks* const marks = marks_of("50%,90%", 1);
  CHECK(marks->any_share_of_limit());
  CHECK(marks->least_share(1000) == 500);
  CHECK_FALSE(in_group(marks, 499));
  CHECK(in_group(marks, 500));
  CHECK(in_group(marks, 900));
  CHECK_FALSE(in_group(marks, 1000));
  CHECK_FALSE(in_group(marks, 300));
  CHECK(in_group(marks, 500));
  SizeMarks* const unlimited = marks_of("50%", 1);
  CHECK_FALSE(unlimited->reached({1, 1000, 0}));
  CHECK_FALSE(marks_of("50", 1)->any_share_of_limit());
}

}  // namespace silt::snapshot
