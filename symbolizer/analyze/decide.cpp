// SPDX-License-Identifier: Apache-2.0
//
// Two tables: of what a curve shows, and of what speaks beyond it; see the header.

#include "symbolizer/analyze/decide.h"

#include <algorithm>

namespace silt::analyze {

const char* verdict_word(Verdict verdict) {
  switch (verdict) {
    case Verdict::kLeak:
      return "leak";
    case Verdict::kGrowing:
      return "growing";
    case Verdict::kBounded:
      return "bounded";
    case Verdict::kSawtooth:
      return "sawtooth";
    case Verdict::kRetained:
      return "retained";
    case Verdict::kSteady:
      break;
  }
  return "steady";
}

Verdict verdict_of(Because because) {
  switch (because) {
    case Because::kKeepsGrowing:
    case Because::kBacklog:
    case Because::kContainer:
    case Because::kContainerSteps:
    case Because::kWholeLine:
      return Verdict::kLeak;
    case Because::kTwoOrThree:
    case Because::kSlower:
    case Because::kAfterRush:
    case Because::kNotInLast:
    case Because::kReplacesNow:
    case Because::kFewWindows:
    case Because::kFewEvents:
    case Because::kNotEvery:
    case Because::kRisingFloor:
    case Because::kContainerFewSteps:
    case Because::kWholeSlower:
    case Because::kWholeAfterRush:
      return Verdict::kGrowing;
    case Because::kFlat:
    case Because::kFlatOfThree:
    case Because::kBalanced:
    case Because::kEverSlower:
    case Because::kNearlyFlat:
    case Because::kStopped:
    case Because::kReplaces:
    case Because::kContainerFull:
    case Because::kWholeStep:
    case Because::kWholeEverSlower:
    case Because::kWholeStopped:
      return Verdict::kBounded;
    case Because::kReleased:
    case Because::kWholeReleased:
      return Verdict::kSawtooth;
    case Because::kAllocatorHolds:
      return Verdict::kRetained;
    case Because::kNothingRecorded:
    case Because::kSingleSnapshot:
    case Because::kSame:
    case Because::kComesAndGoes:
    case Because::kFell:
    case Because::kStays:
    case Because::kChance:
    case Because::kHandful:
    case Because::kWholeTooShort:
    case Because::kWholeStays:
    case Because::kWholeUpAndDown:
    case Because::kWholeNoLine:
      break;
  }
  return Verdict::kSteady;
}

Decision with_ground(const Decision& before, Ground ground, double confidence) {
  switch (ground) {
    case Ground::kContentFull:
      return {Verdict::kBounded, 0.7};
    case Ground::kWholeFlat:
      return {Verdict::kSteady, 0.7};
    case Ground::kOneOfMany:
    case Ground::kWholeGrewLess:
    case Ground::kNotJoined:
    case Ground::kRecycled:
    case Ground::kNotFullYet:
    case Ground::kPartAtRest:
    case Ground::kGarbage:
    case Ground::kFewAndSmall:
      return {Verdict::kGrowing, 0.4};
    case Ground::kReserved:
    case Ground::kGivenUp:
      return {Verdict::kGrowing, 0.5};
    case Ground::kRestOnly:
    case Ground::kEngine:
      return {Verdict::kGrowing, std::min(before.confidence, 0.6)};
    case Ground::kYoung:
      return {before.verdict, std::min(before.confidence, confidence)};
    case Ground::kPartLeaks:
      return {Verdict::kLeak, confidence};
    case Ground::kLost:  // 0.9 is said, not measured: pointers that are not seen are the exception
      return {Verdict::kLeak, std::max(before.confidence, 0.9)};
    case Ground::kNone:
      break;
  }
  return before;
}

}  // namespace silt::analyze
