// SPDX-License-Identifier: Apache-2.0
//
// Each code of a curve has words, and words of its own: two codes that read the same would hide
// what was decided.

#include "symbolizer/render/curve_words.h"

#include <catch2/catch.hpp>
#include <map>
#include <string>

namespace silt::render {
namespace {

using analyze::Because;
using analyze::Reason;

// With figures that every code can use.
Reason reason_of(Because because) {
  Reason reason;
  reason.because = because;
  reason.has_births = true;
  reason.from = 1e6;
  reason.to = 2e6;
  reason.rise = 1e6;
  reason.seconds = 60;
  reason.born = 30;
  reason.died = 10;
  reason.blocks = 20;
  reason.pace = 0.5;
  reason.count = 3;
  reason.grew = 5;
  reason.windows = 7;
  return reason;
}

TEST_CASE("every code has words of its own") {
  std::map<std::string, int> said;
  for (int code = 0; code <= static_cast<int>(Because::kAllocatorHolds); ++code) {
    const std::string text = curve_text(reason_of(static_cast<Because>(code)));
    CAPTURE(code, text);
    CHECK_FALSE(text.empty());
    CHECK(said.emplace(text, code).second);
    // They stand within a sentence.
    CHECK(text.back() != '.');
    CHECK(text.find("  ") == std::string::npos);
  }
}

TEST_CASE("growth in every window is said so, and what is freed is counted") {
  Reason reason = reason_of(Because::kKeepsGrowing);
  CHECK_THAT(curve_text(reason), Catch::Contains("in 5 of 7 windows"));
  reason.grew = 7;
  CHECK_THAT(curve_text(reason), Catch::Contains("in each of 7 windows"));
  CHECK_THAT(curve_text(reason), Catch::Contains("10"));
  reason.died = 0;
  CHECK_THAT(curve_text(reason), Catch::Contains("none of"));
}

TEST_CASE("sampled objects are counted in bytes, blocks by their number") {
  Reason reason = reason_of(Because::kKeepsGrowing);
  CHECK_THAT(curve_text(reason), Catch::StartsWith("live blocks grew"));
  reason.by_bytes = true;
  CHECK_THAT(curve_text(reason), Catch::StartsWith("live objects grew"));
  CHECK_THAT(curve_text(reason), Catch::Contains("20 B in all"));
}

}  // namespace
}  // namespace silt::render
