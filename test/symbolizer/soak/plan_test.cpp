// SPDX-License-Identifier: Apache-2.0
//
// When a soak takes its snapshots, and which times make no soak.

#include "symbolizer/soak/plan.h"

#include <catch2/catch.hpp>

namespace silt::soak {
namespace {

Plan plan_of(const PlanWords& words) {
  const Result<Plan> plan = make_plan(words);
  REQUIRE(plan);
  return *plan;
}

std::string mistake_of(const PlanWords& words) {
  const Result<Plan> plan = make_plan(words);
  return plan ? "" : plan.error().message;
}

TEST_CASE("by default ten snapshots share what the warm-up leaves") {
  PlanWords words;
  words.duration = "100s";
  const Plan plan = plan_of(words);
  CHECK(plan.warm_up_seconds == Approx(20));
  REQUIRE(plan.snapshot_seconds.size() == 10);
  CHECK(plan.snapshot_seconds.front() == Approx(20));
  CHECK(plan.snapshot_seconds.back() == Approx(100));
}

TEST_CASE("a long soak does not warm up for ever") {
  PlanWords words;
  words.duration = "10h";
  CHECK(plan_of(words).warm_up_seconds == Approx(120));
}

TEST_CASE("snapshots by period end before the duration does") {
  PlanWords words;
  words.duration = "1m";
  words.warm_up = "5s";
  words.every = "10s";
  const Plan plan = plan_of(words);
  REQUIRE(plan.snapshot_seconds.size() == 6);
  CHECK(plan.snapshot_seconds.front() == Approx(5));
  CHECK(plan.snapshot_seconds.back() == Approx(55));
}

TEST_CASE("a period that fits exactly has its last snapshot at the end") {
  PlanWords words;
  words.duration = "1s";
  words.warm_up = "100ms";
  words.every = "100ms";
  const Plan plan = plan_of(words);
  REQUIRE(plan.snapshot_seconds.size() == 10);
  CHECK(plan.snapshot_seconds.back() == Approx(1));
}

TEST_CASE("no warm-up is possible") {
  PlanWords words;
  words.warm_up = "0s";
  CHECK(plan_of(words).snapshot_seconds.front() == 0);
}

TEST_CASE("what makes no soak is told") {
  PlanWords words;
  words.duration = "0s";
  CHECK(mistake_of(words) == "--duration must be above zero");
  words.duration = "a while";
  CHECK(mistake_of(words) == "--duration 'a while' is not a time: 30s, 2m, 1h");
  words = {};
  words.warm_up = "2m";
  CHECK_THAT(mistake_of(words), Catch::Contains("leaves nothing of --duration '2m'"));
  words = {};
  words.snapshots = 0;
  CHECK_THAT(mistake_of(words),
             Catch::Contains("at least 4 snapshots") && Catch::Contains("makes 0"));
  words.snapshots = 3;
  CHECK_THAT(mistake_of(words), Catch::Contains("this makes 3"));
  words.snapshots = 4;
  CHECK(mistake_of(words).empty());
  words.every = "1s";
  CHECK_THAT(mistake_of(words), Catch::Contains("exclude each other"));
  words = {};
  words.every = "50s";
  CHECK_THAT(mistake_of(words), Catch::Contains("this makes 2"));
  words.every = "1us";
  CHECK_FALSE(mistake_of(words).empty());
  words.every = "0";
  CHECK(mistake_of(words) == "--every must be above zero");
  words = {};
  words.snapshots = SIZE_MAX;
  CHECK(mistake_of(words) == "--snapshots: too many");
}

}  // namespace
}  // namespace silt::soak
