// SPDX-License-Identifier: Apache-2.0
//
// Every field of a frame rule survives packing, at the ends of its range and in between.

#include "interposer/unwind/frame_rule.h"

#include <catch2/catch.hpp>
#include <random>

namespace silt::unwind {

TEST_CASE("a rule of all zeros is unknown") {
  CHECK(FrameRule().kind() == RuleKind::kUnknown);
  CHECK(FrameRule().bits() == 0);
  CHECK(FrameRule(uint64_t{0}).kind() == RuleKind::kUnknown);
}

TEST_CASE("every field comes back as it was packed") {
  std::mt19937_64 random(2);
  const RuleKind kinds[] = {RuleKind::kSp,           RuleKind::kBp,        RuleKind::kBpIndirect,
                            RuleKind::kFramePointer, RuleKind::kOutermost, RuleKind::kSlow,
                            RuleKind::kSignal};
  const auto pick = [&](int64_t low, int64_t high) {
    switch (random() % 5) {
      case 0:
        return low;
      case 1:
        return high;
      case 2:
        return int64_t{0};
      default:
        return low + static_cast<int64_t>(random() % static_cast<uint64_t>(high - low + 1));
    }
  };
  for (int i = 0; i < 20000; ++i) {
    const RuleKind kind = kinds[random() % 7];
    const auto cfa = static_cast<int32_t>(pick(INT32_MIN, INT32_MAX));
    const auto bp = static_cast<int>(pick(INT16_MIN, INT16_MAX) * 8);
    const auto slot = static_cast<int>(pick(INT8_MIN, INT8_MAX) * 8);
    const FrameRule rule(kind, cfa, bp, slot);
    const FrameRule copy(rule.bits());
    REQUIRE(copy.kind() == kind);
    REQUIRE(copy.cfa_offset() == cfa);
    REQUIRE(copy.bp_slot() == bp);
    REQUIRE(copy.indirect_slot() == slot);
    REQUIRE(FrameRule::fits_bp_slot(bp));
    REQUIRE(FrameRule::fits_indirect_slot(slot));
  }
}

TEST_CASE("slots that do not fit, or are not aligned, are known not to") {
  for (const int64_t bytes : {int64_t{4}, int64_t{-4}, int64_t{1}, int64_t{INT16_MAX + 1} * 8,
                              int64_t{INT16_MIN - 1} * 8, INT64_MAX, INT64_MIN}) {
    CHECK_FALSE(FrameRule::fits_bp_slot(bytes));
  }
  for (const int64_t bytes : {int64_t{4}, int64_t{-7}, int64_t{128} * 8, int64_t{-129} * 8}) {
    CHECK_FALSE(FrameRule::fits_indirect_slot(bytes));
  }
}

}  // namespace silt::unwind
