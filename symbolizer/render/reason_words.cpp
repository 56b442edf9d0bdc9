// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/render/reason_words.h"

#include <vector>

#include "symbolizer/base/quantity.h"
#include "symbolizer/render/curve_words.h"
#include "symbolizer/render/headline.h"
#include "symbolizer/report/site.h"

namespace silt::render {
namespace {

using report::Remark;
using report::Subject;
using report::Why;

constexpr const char* kPool =
    "a thread of libuv's pool (asynchronous zlib, crypto, fs or dns), where no JavaScript calls";

std::string heap_used(uint32_t thread) {
  return thread == 0 ? "heapUsed after collections "
                     : "heapUsed of worker " + std::to_string(thread) + " after collections ";
}

// "'getProfile' (app.js:31)"
std::string quoted_place(const symbolize::Frame& frame) {
  const std::string place = report::place_of(frame);
  return "'" + frame.function + "' (" + place.substr(place.rfind('/') + 1) + ")";
}

// "`add` (graph.cpp:31) 62 %, …"
std::string said_leads(const std::vector<report::NamedShare>& leads) {
  std::string text;
  for (const report::NamedShare& lead : leads) {
    text += (text.empty() ? "" : ", ") + said_place(lead.site) + " " + format_percent(lead.share);
  }
  return text;
}

// What people can do about freed memory that is held, in careful words: none of it is right for
// every program.
std::string advice(const std::string& allocator) {
  if (allocator.starts_with("libc.")) {
    return "it is reused before more is asked for, so it costs little unless memory is short; "
           "malloc_trim(0), called now and then, gives back what is free; MALLOC_ARENA_MAX, often "
           "advised, makes threads share arenas and can hold more, not less; jemalloc and others "
           "return freed memory by themselves";
  }
  if (allocator.starts_with("libjemalloc")) {
    return "jemalloc gives freed pages back after dirty_decay_ms and muzzy_decay_ms (MALLOC_CONF), "
           "which work only while it is called, unless background_thread is true";
  }
  if (allocator.starts_with("libtcmalloc")) {
    return "tcmalloc gives freed pages back slowly: TCMALLOC_RELEASE_RATE, or "
           "MallocExtension::ReleaseFreeMemory";
  }
  return "it is reused before more is asked for, so it costs little unless memory is short";
}

std::string subject_text(const Why& why) {
  switch (why.subject) {
    case Subject::kResidentOfPlace:
      return "what is resident of it ";
    case Subject::kResidentMappings:
      return "resident memory of mappings ";
    case Subject::kRest:
      return "what is resident beside live blocks and mappings ";
    case Subject::kManagedHeap:
      return heap_used(why.thread);
    case Subject::kOutsideHeaps:
      return "V8's memory outside its heaps ";
    case Subject::kPlace:
      break;
  }
  return "";
}

const char* whole_text(report::Whole whole) {
  return whole == report::Whole::kManagedHeap ? "the JavaScript heap as a whole "
                                              : "native memory as a whole ";
}

std::string remark_text(const Remark& remark) {
  const std::string bytes = format_bytes(remark.bytes);
  using Kind = Remark::Kind;
  switch (remark.kind) {
    case Kind::kContentFull:
      return "; but what it holds is full, and it has not grown since";
    case Kind::kOneOfMany:
      return "; but among " + std::to_string(static_cast<uint64_t>(remark.count)) +
             " places that change, chance may look like this";
    case Kind::kCompiledInto:
      return "; since it was compiled it is part of " + quoted_place(remark.place);
    case Kind::kCompiledWithin:
      return "; " + quoted_place(remark.place) + " is compiled into it and allocated before";
    case Kind::kWholeFlat:
      return std::string("; but ") + whole_text(remark.whole) + "did not grow: " + bytes +
             " at last";
    case Kind::kWholeGrewLess:
      return std::string("; but ") + whole_text(remark.whole) + "grew by " + bytes +
             " only, for which others account";
    case Kind::kNotJoined:
      return "; but silt has not joined this node, and what waits for V8's collector looks the "
             "same";
    case Kind::kWithObjects:
      return "; with it " + bytes + " of JavaScript objects";
    case Kind::kWithNative:
      return "; with it " + bytes + " of " + native_thing(remark.name);
    case Kind::kAlongWith:
      return "; along with it " + bytes + " by " + said_place(remark.place) +
             ", which the runtime calls with none of your code on the stack";
    case Kind::kMoreBy:
      return ", " + bytes + " more by " + said_place(remark.place) +
             ", which node calls with none of your code on the stack";
    case Kind::kPoolInStep:
      return "; in step with it " + bytes + " were allocated by " + kPool;
    case Kind::kByPool:
      return std::string("; allocated by ") + kPool;
    case Kind::kByPoolLookAt:
      return std::string("; allocated by ") + kPool + ": look at " + said_place(remark.place) +
             ", which grows meanwhile";
    case Kind::kPieces:
      return "; it was mapped in " + format_counted(remark.count, "piece");
    case Kind::kContainers:
      return "; with it " + bytes + " of its containers";
    case Kind::kAskedForHere:
      return ", " + format_percent(remark.share) + " of it asked for here" +
             (remark.name.empty() ? "" : " through " + remark.name) +
             "; mapped in pieces too few to be counted";
    case Kind::kReserved:
      return "; it lies within " + bytes + " that were mapped before, and may end there";
    case Kind::kMappedBy:
      return "; mapped by " + said_leads(remark.leads);
    case Kind::kHandedOutBy:
      return "; the pieces are handed out by " + remark.name +
             ", so that who asks for the next one is chance; " +
             (remark.setting.empty() ? "a build without that allocator shows each block"
                                     : remark.setting + " in the environment shows each block");
    case Kind::kNoPlace:
      return "; no place accounts for most of it: " + said_leads(remark.leads);
    case Kind::kSampledHere:
      return ", " + format_percent(remark.share) + " of what was sampled from here";
    case Kind::kHeapWithIt:
      return "; " + heap_used(remark.thread) + curve_text(remark.curve) + " with it";
    case Kind::kNoSample:
      return "; V8's profile holds no sample of what was added; a longer run or a smaller "
             "SILT_NODE_INTERVAL tells";
    case Kind::kFewSamples:
      return "; too few samples tell which place: " + said_leads(remark.leads) +
             "; a longer run or a smaller SILT_NODE_INTERVAL tells";
    case Kind::kOutside:
      return "; memories of WebAssembly modules are there, which V8's profile does not see; "
             "objects that wrap such memory must be freed by the module's own means "
             "(delete(), free()), and a memory that has grown never shrinks";
    case Kind::kSpread:
      return "; spread over " + format_counted(remark.count, "place") +
             ", each too little to be judged alone: " + said_leads(remark.leads) +
             "; a longer run tells which";
    case Kind::kOwnMalloc:
      return "; the program brings its own malloc, whose blocks silt does not see";
    case Kind::kFragments:
      return "; either the allocator is left with ever more room between blocks (fragmentation), "
             "or memory is taken in a way that silt does not see";
    case Kind::kAllocator:
      return "; " + advice(remark.name);
  }
  return "";
}

}  // namespace

std::string reason_text(const Why& why) {
  std::string text = subject_text(why);
  if (why.curve.because == analyze::Because::kAllocatorHolds) {
    const std::string name = why.remarks.empty() ? "" : why.remarks.front().name;
    text = (name.empty() ? "the allocator" : name) + " has ";
  }
  text += curve_text(why.curve);
  for (const Remark& remark : why.remarks) text += remark_text(remark);
  return text;
}

}  // namespace silt::render
