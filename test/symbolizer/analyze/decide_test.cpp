// SPDX-License-Identifier: Apache-2.0
//
// Verdicts follow from codes: of what a curve shows, and of what is known besides.

#include "symbolizer/analyze/decide.h"

#include <catch2/catch.hpp>

namespace silt {
namespace {

using analyze::Because;
using analyze::Decision;
using analyze::Ground;
using analyze::Verdict;
using analyze::verdict_of;
using analyze::with_ground;

TEST_CASE("one code alone is of freed memory that an allocator holds") {
  for (int code = 0; code <= static_cast<int>(Because::kAllocatorHolds); ++code) {
    const auto because = static_cast<Because>(code);
    CAPTURE(code);
    CHECK((verdict_of(because) == Verdict::kRetained) == (because == Because::kAllocatorHolds));
  }
}

TEST_CASE("what only might go on is growing, and what goes on a leak") {
  CHECK(verdict_of(Because::kKeepsGrowing) == Verdict::kLeak);
  CHECK(verdict_of(Because::kWholeLine) == Verdict::kLeak);
  CHECK(verdict_of(Because::kAfterRush) == Verdict::kGrowing);
  CHECK(verdict_of(Because::kContainerFewSteps) == Verdict::kGrowing);
  CHECK(verdict_of(Because::kContainerFull) == Verdict::kBounded);
  CHECK(verdict_of(Because::kReleased) == Verdict::kSawtooth);
  CHECK(verdict_of(Because::kChance) == Verdict::kSteady);
}

TEST_CASE(
    "no ground makes a leak of what is none, but a part that leaks and blocks that are lost") {
  const Decision growing{Verdict::kGrowing, 0.5};
  for (int code = 0; code <= static_cast<int>(Ground::kLost); ++code) {
    const auto ground = static_cast<Ground>(code);
    CAPTURE(code);
    const Decision after = with_ground(growing, ground, 0.8);
    CHECK((after.verdict == Verdict::kLeak) ==
          (ground == Ground::kPartLeaks || ground == Ground::kLost));
    if (ground == Ground::kPartLeaks) CHECK(after.confidence == 0.8);
  }
}

TEST_CASE("without a ground a decision stays what it was, and doubt makes none surer") {
  const Decision leak{Verdict::kLeak, 0.5};
  CHECK(with_ground(leak, Ground::kNone).verdict == Verdict::kLeak);
  CHECK(with_ground(leak, Ground::kNone).confidence == 0.5);
  CHECK(with_ground(leak, Ground::kRestOnly).confidence == 0.5);
  CHECK(with_ground({Verdict::kLeak, 0.9}, Ground::kRestOnly).confidence == 0.6);
  CHECK(with_ground({Verdict::kLeak, 0.9}, Ground::kYoung, 0.8).confidence == 0.8);
  CHECK(with_ground(leak, Ground::kYoung, 0.8).confidence == 0.5);
  CHECK(with_ground(leak, Ground::kYoung, 0.8).verdict == Verdict::kLeak);
}

}  // namespace
}  // namespace silt
