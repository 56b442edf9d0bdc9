// SPDX-License-Identifier: Apache-2.0
//
// The one place where verdicts are decided. What a curve shows has a code, and each code has one
// verdict; what is known beyond the curve, as that the heap around a place did not grow, is a
// ground, and each ground moves a verdict in one way. Passes find codes and grounds, with figures;
// none assigns a verdict. docs/verdicts.md tells the rules behind the codes.

#ifndef SILT_SYMBOLIZER_ANALYZE_DECIDE_H_
#define SILT_SYMBOLIZER_ANALYZE_DECIDE_H_

#include <cstddef>
#include <cstdint>

namespace silt::analyze {

// Five words for a series of live memory. A sixth is not for live memory: what the allocator
// retains after it was freed. By gravity.
enum class Verdict : uint8_t { kLeak, kGrowing, kBounded, kSawtooth, kSteady, kRetained };

// "leak", "growing", ...
const char* verdict_word(Verdict verdict);
// What may go on until memory is full.
inline bool rises(Verdict verdict) {
  return verdict == Verdict::kLeak || verdict == Verdict::kGrowing;
}

// What a curve shows. Those of kWhole… are of a sum that is known to the byte.
enum class Because : uint8_t {
  kNothingRecorded,
  kSingleSnapshot,
  kSame,           // at every snapshot
  kComesAndGoes,   // stays between two levels while blocks come and go
  kFell,           //
  kStays,          // between two levels
  kChance,         // rose, no more than chance explains
  kHandful,        // rose by a handful of blocks
  kFlat,           // rose, then flat
  kFlatOfThree,    // rose, then flat: of three snapshots
  kBalanced,       // rose; by now as much goes as comes
  kEverSlower,     // rose ever more slowly
  kNearlyFlat,     // rose, then nearly flat
  kStopped,        // rose, then stopped
  kReplaces,       // rose, then flat: old blocks go as new ones come
  kTwoOrThree,     // rose over two or three snapshots
  kSlower,         // rose more slowly than at first, but no slower still
  kAfterRush,      // rose; what followed the first rush may be its end
  kNotInLast,      // rose, but not in the last window
  kReplacesNow,    // rose, but at the end old blocks go, as never before
  kFewWindows,     // rose; too few windows after warm-up
  kFewEvents,      // rose in too few blocks for a trend
  kNotEvery,       // rose, but not in every window
  kKeepsGrowing,   // in every window, or nearly
  kBacklog,        // blocks go, but ever later
  kReleased,       // rises and is released in bulk
  kRisingFloor,    // the same, and each release leaves more behind
  kContainer,      // few blocks grow in every window
  kContainerFull,  // they grew in steps, and the next one is overdue
  kContainerSteps,
  kContainerFewSteps,
  kWholeTooShort,
  kWholeStays,
  kWholeReleased,
  kWholeStep,  // most of its rise at once
  kWholeSlower,
  kWholeEverSlower,
  kWholeAfterRush,
  kWholeStopped,
  kWholeUpAndDown,
  kWholeNoLine,
  kWholeLine,
  kAllocatorHolds,  // freed memory
};

// What is known of a place beyond its own curve.
enum class Ground : uint8_t {
  kNone,
  kContentFull,    // what this container holds is full
  kOneOfMany,      // among so many places chance may look like this
  kWholeFlat,      // the heap as a whole did not grow
  kWholeGrewLess,  // the heap grew by less than is claimed
  kNotJoined,      // the runtime was not joined: what waits for its collector looks the same
  kReserved,       // it lies within what was mapped before, and may end there
  kRestOnly,       // it is the rest beside all that is counted, which fragmentation is as well
  kPartLeaks,      // a part of it leaks
  kRecycled,       // so few may be objects that were handed out again
  kNotFullYet,     // what keeps it has a limit, and is below it
  kPartAtRest,     // it hangs on what rose far more and came to rest
  kGarbage,        // half of it or more waits for the runtime's collector
  kFewAndSmall,    // so few, and so little of the whole, may be a list that is not full yet
  kLost,           // nothing points to its blocks
  kEngine,         // it is the runtime's own, which grows with what the program keeps
  kGivenUp,        // the runtime gives it up when memory is short
  kYoung,          // the process is so young that a table that fills looks the same
};

struct Decision {
  Verdict verdict = Verdict::kSteady;
  double confidence = 0;  // 0..1, of the verdict
};

Verdict verdict_of(Because because);

// The decision with one more ground. `confidence` counts where the ground has none of its own: of a
// part that leaks, and of a young process, where it is the most.
Decision with_ground(const Decision& before, Ground ground, double confidence = 0);

// The code of what a series shows, and its figures: no words. Which of them a code has is said by
// the words that are made of them (render/curve_words.cpp).
struct Reason {
  Because because = Because::kNothingRecorded;
  bool by_bytes = false;    // born and died are bytes, as of JavaScript objects, not blocks
  bool has_births = false;  // born and died are known apart
  double from = 0;          // bytes; of a backlog blocks
  double to = 0;
  double rise = 0;  // bytes
  double seconds = 0;
  double born = 0;  // came to stay
  double died = 0;
  double blocks = 0;  // at the end; of few events the events
  double pace = 0;    // late over early
  size_t count = 0;   // snapshots, steps, releases or late windows
  size_t grew = 0;    // windows
  size_t windows = 0;
  size_t warm_up = 0;
};

}  // namespace silt::analyze

#endif  // SILT_SYMBOLIZER_ANALYZE_DECIDE_H_
