// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/render/reason_words.h"

#include "symbolizer/base/quantity.h"
#include "symbolizer/render/curve_words.h"
#include "symbolizer/render/place_words.h"
#include "symbolizer/report/runtime.h"
#include "symbolizer/report/site.h"

namespace silt::render {
namespace {

using report::Remark;
using report::Subject;
using report::Why;

// "'getProfile' (app.js:31)"
std::string quoted_place(const symbolize::Frame& frame) {
  const std::string place = report::place_of(frame);
  return "'" + frame.function + "' (" + std::string(report::base_name(place)) + ")";
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
      return "its resident part ";
    case Subject::kResidentMappings:
      return "the resident memory of mappings ";
    case Subject::kRest:
      return "resident memory beside live blocks and mappings ";
    case Subject::kManagedHeap:
    case Subject::kOutsideHeaps:
    case Subject::kWebAssembly:
    case Subject::kJavaHeap:
    case Subject::kPlace:
      break;
  }
  return "";
}

std::string remark_text(const Remark& remark) {
  const std::string bytes = format_bytes(remark.bytes);
  using Kind = Remark::Kind;
  switch (remark.kind) {
    case Kind::kContentFull:
      return "; but what it holds stopped growing, and it has not grown since";
    case Kind::kOneOfMany:
      return "; but among " + std::to_string(static_cast<uint64_t>(remark.count)) +
             " places that change, one may look like this by chance";
    case Kind::kNotFullYet:
      return std::string("; but what keeps it has a limit and is ") +
             (remark.share < 1 ? "not full yet" : "full") + " (" + remark.name + ")";
    case Kind::kGarbage:
      return "; but " + format_percent(remark.share) +
             " of it is garbage that the collector has not come to: it is freed when it does";
    case Kind::kRuntimesOwn:
      return "; but " + format_percent(remark.share) +
             " of it is free in the runtime's eyes, which keeps such objects to hand them out "
             "again, "
             "or garbage that its collector has not come to";
    case Kind::kPartAtRest:
      return "; but it hangs on what " + said_place(remark.place) + " made, which rose by " +
             bytes + " and came to rest: a longer run tells";
    case Kind::kYoung:
      return "; no surer, since the process was only " + format_duration(remark.count) + " old";
    case Kind::kFewAndSmall:
      return "; but so few blocks, and " + format_percent(remark.share) +
             " of what is in use, may be a list that fills up: a longer run tells";
    case Kind::kSmallBeside:
      return "; but it is " + format_percent(remark.share) +
             " of what is in use, beside a leak ten times as large: mend that first";
    case Kind::kCompiledInto:
      return "; since it was compiled it is part of " + quoted_place(remark.place);
    case Kind::kCompiledWithin:
      return "; " + quoted_place(remark.place) + " was compiled into it, and allocated this before";
    case Kind::kWholeFlat:
      return "; but native memory as a whole did not grow: " + bytes + " at the end";
    case Kind::kWholeGrewLess:
      return "; but native memory as a whole grew by only " + bytes +
             ", which other places account for";
    case Kind::kWholeSlows:
      return "; but the heap as a whole, of which this is most, is counted exactly and grows ever "
             "more slowly: it may be filling up";
    case Kind::kMadeWithSlower:
      return "; but the function makes it along with " + bytes + " allocated in " +
             said_place(remark.place) + ", which do not grow on: it may be a part of these";
    case Kind::kAlongWith:
      return "; along with it " + bytes + " allocated in " + said_place(remark.place) +
             ", which the runtime calls with none of your code on the stack";
    case Kind::kPieces:
      return "; it was mapped in " + format_counted(remark.count, "piece");
    case Kind::kContainers:
      return "; its containers grew by " + bytes + " with it";
    case Kind::kAskedForHere:
      return ", " + format_percent(remark.share) + " of it requested here" +
             (remark.name.empty() ? "" : " through " + remark.name) +
             "; mapped in too few pieces to count";
    case Kind::kReserved:
      return "; it lies within " + bytes + " that were mapped earlier, and may stop growing there";
    case Kind::kMappedBy:
      return "; mapped by " + said_leads(remark.leads);
    case Kind::kHandedOutBy:
      return (remark.share > 0 ? "; " + format_percent(remark.share) + " of it are pieces that "
                               : "; the pieces are ") +
             (remark.share > 0 ? remark.name + " hands out" : "handed out by " + remark.name) +
             ", so which caller needs the next one is chance; " +
             (remark.setting.empty() ? "a build without that allocator shows each block"
                                     : remark.setting + " in the environment shows each block");
    case Kind::kNoPlace:
      return "; no single place accounts for most of it: " + said_leads(remark.leads);
    case Kind::kSampledHere:
      return ", " + format_percent(remark.share) + " of what was sampled from here";
    case Kind::kSpread:
      return "; spread over " + format_counted(remark.count, "place") +
             ", each too small to judge alone: " + said_leads(remark.leads) +
             "; a longer run will tell which";
    case Kind::kOwnMalloc:
      return "; the program has its own malloc, whose blocks silt does not see";
    case Kind::kFragments:
      return "; either the free space between blocks keeps growing (fragmentation), "
             "or memory is taken in a way that silt does not see";
    case Kind::kAllocator:
      return "; " + advice(remark.name);
    case Kind::kOneKeeps:
      return "; one leak with " + bytes + " made by " + said_place(remark.place) +
             ", since one keeps the other";
    case Kind::kOneOwner:
      return "; one leak with " + bytes + " made by " + said_place(remark.place) + ", since `" +
             remark.name + "` keeps both";
    case Kind::kLost:
      return "; but nothing in the process points to " + format_percent(remark.share) +
             " of its blocks, so that nothing can free them (a pointer that is compressed, hidden "
             "or held by the kernel would not be seen)";
    default:  // a runtime has said it
      return "";
  }
}

// Runtimes first: what they know of they say in their own words.
template <typename Said>
std::string said_by_runtime(std::string (*report::Runtime::*words)(const Said&), const Said& said) {
  for (const report::Runtime* runtime : report::runtimes()) {
    if (runtime->*words == nullptr) continue;
    std::string text = (runtime->*words)(said);
    if (!text.empty()) return text;
  }
  return "";
}

}  // namespace

std::string reason_text(const Why& why) {
  std::string text = said_by_runtime(&report::Runtime::subject, why) + subject_text(why);
  if (why.curve.because == analyze::Because::kAllocatorHolds) {
    const std::string name = why.remarks.empty() ? "" : why.remarks.front().name;
    text = (name.empty() ? "the allocator" : name) + " has ";
  }
  text += curve_text(why.curve);
  for (const Remark& remark : why.remarks) {
    const std::string own = said_by_runtime(&report::Runtime::remark, remark);
    text += own.empty() ? remark_text(remark) : own;
  }
  return text;
}

}  // namespace silt::render
