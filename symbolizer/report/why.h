// SPDX-License-Identifier: Apache-2.0
//
// Why a finding has its verdict: what its curve shows, and what became known of it besides, each as
// a code with figures. Passes add remarks; none takes one away or rewrites what the curve shows.
// The verdict follows from these by analyze/decide.h, and the words are made by
// render/reason_words.

#ifndef SILT_SYMBOLIZER_REPORT_WHY_H_
#define SILT_SYMBOLIZER_REPORT_WHY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "symbolizer/analyze/decide.h"
#include "symbolizer/symbolize/frame.h"

namespace silt::report {

using analyze::Because;
using analyze::Ground;

// Whose curve it is.
enum class Subject : uint8_t {
  kPlace,             // the blocks of the place itself
  kResidentOfPlace,   // what is resident of its mappings, which are few
  kResidentMappings,  // of all mappings
  kRest,              // what is resident beside live blocks and mappings
  kManagedHeap,       // a heap that a runtime collects, after its collections
  kOutsideHeaps,      // what that runtime has mapped beside
  kWebAssembly,       // memories of WebAssembly modules
  kJavaHeap,          // live Java objects, after collections
};

// Which heap as a whole does not explain a claim.
enum class Whole : uint8_t { kManagedHeap, kNative, kJavaHeap };

struct NamedShare {
  symbolize::Frame site;
  double share = 0;  // of what was looked at, 0..1
};

struct Remark {
  enum class Kind : uint8_t {
    kContentFull,       //
    kOneOfMany,         // count: places that change
    kCompiledInto,      // place: what it is part of since it was compiled
    kCompiledWithin,    // place: what is compiled into it and allocated before
    kWholeFlat,         // of `whole`, bytes: at last
    kWholeGrewLess,     // of `whole`, bytes: by
    kWholeSlows,        // the managed heap grows ever more slowly
    kMadeWithSlower,    // bytes, place: what the same function makes, and which does not go on
    kNotJoined,         //
    kWithObjects,       // bytes: of a managed heap that go with it
    kWithNative,        // bytes, name: what for: native memory that goes with it
    kAlongWith,         // bytes, place: what the runtime makes along with it
    kMoreBy,            // the same in what was sampled of the whole
    kPoolInStep,        // bytes: made in step with it by a pool of threads
    kByPool,            // it is made by the pool
    kByPoolLookAt,      // the same; place: what grows meanwhile
    kPieces,            // count: that it was mapped in
    kContainers,        // bytes: of its containers, which go with it
    kAskedForHere,      // share, name: of an allocator, or empty: mapped in pieces too few to count
    kReserved,          // bytes: that were mapped before
    kMappedBy,          // leads
    kHandedOutBy,       // name: of an allocator; setting: that opens it, or empty; share: 0, all
    kNoPlace,           // leads: none accounts for most of it
    kListedLess,        // bytes: that the heap grew by, by two lists of what is reachable
    kSampledHere,       // share: of what was sampled
    kHeapWithIt,        // curve, thread: the managed heap grows with it
    kNoSample,          // of what was added
    kFewSamples,        // of `whole`, leads: too few samples tell which place
    kOutside,           // what is there
    kSpread,            // count, leads: places too small to be judged alone
    kOwnMalloc,         // the program's, whose blocks are not seen
    kFragments,         // or taken in a way that is not seen
    kAllocator,         // name, or empty
    kOneKeeps,          // bytes, place: what keeps it or is kept by it
    kOneOwner,          // bytes, place, name: what the variable `name` keeps as well
    kNotFullYet,        // name: of what keeps it, and how full that is
    kGarbage,           // share: of it, which waits for its collector
    kRuntimesOwn,       // share: of it, mostly freed objects that a runtime keeps to hand out again
    kPartAtRest,        // bytes, place: what it hangs on, which rose more and came to rest
    kCountedElsewhere,  // share, name: of what came in the heap as counted, and who keeps that
    kFewAndSmall,       // share: of what is in use
    kSmallBeside,       // share: of what is in use; a leak is much larger
    kRecycled,          // count: freed objects that the runtime keeps and hands out elsewhere
    kLost,              // share: of its blocks, to which nothing points
    kCame,              // leads: classes whose objects came, count: that are told
    kSoftly,            // count: references that came, which the runtime clears if memory is short
    kLoadedAnew,        // name, count: so often a class of this name was loaded
    kEngine,            // the runtime's own work
    kYoung,             // count: seconds that the process is old
    kNoSites,           // who allocates and who keeps is not seen; what would tell
  };
  Kind kind;
  Ground ground = Ground::kNone;  // what it does to the verdict
  double confidence = 0;          // of a ground that has none of its own
  double bytes = 0;
  double share = 0;
  double count = 0;
  Whole whole = Whole::kNative;
  uint32_t thread = 0;
  std::string name = {};
  std::string setting = {};
  symbolize::Frame place = {};
  std::vector<NamedShare> leads = {};
  analyze::Reason curve = {};
};

struct Why {
  Subject subject = Subject::kPlace;
  uint32_t thread = 0;  // of a managed heap; 0: the main one
  analyze::Reason curve;
  std::vector<Remark> remarks;
};

// `confidence`: that of the curve's own verdict.
analyze::Decision decide(const analyze::Reason& curve, double confidence,
                         const std::vector<Remark>& remarks);

struct Finding;
// Gives a finding its reason, and with it verdict and confidence.
void decide(Finding& finding, Why why, double confidence);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_WHY_H_
