// SPDX-License-Identifier: Apache-2.0
//
// See the header. Names come from the program: renderers escape them.

#include "symbolizer/runtime/nodejs/words.h"

#include <algorithm>

#include "symbolizer/base/quantity.h"
#include "symbolizer/render/curve_words.h"
#include "symbolizer/render/place_words.h"
#include "symbolizer/runtime/nodejs/native_memory.h"

namespace silt::runtime::nodejs {
namespace {

using render::said_place;
using report::Finding;
using report::Remark;
using report::Verdict;
using symbolize::FrameKind;

constexpr const char* kPoolWords =
    "a thread of libuv's pool (asynchronous zlib, crypto, fs or dns), where no JavaScript is on "
    "the stack";
constexpr const char* kLonger = "; a longer run or a smaller SILT_NODE_INTERVAL will tell";

// "Buffers", "native memory (zlib)".
std::string native_thing(const std::string& what) {
  if (what == kBuffers) return what;
  return what.empty() ? "native memory" : "native memory (" + what + ")";
}

std::string thing_of(const Finding& finding) {
  return finding.heap == read::Heap::kManaged ? "JS objects" : native_thing(finding.what);
}

// A pace in the unit that gives a handy figure.
std::string said_pace(double bytes_per_second) {
  if (bytes_per_second >= 50'000) return format_bytes(bytes_per_second) + "/s";
  if (bytes_per_second >= 50'000. / 60) return format_bytes(bytes_per_second * 60) + "/min";
  return format_bytes(bytes_per_second * 3600) + "/h";
}

std::string windows_grown(const Finding& finding) {
  if (finding.windows == 0) return "";
  if (finding.growing_windows == finding.windows) {
    return ", grew in each of " + std::to_string(finding.windows) + " windows";
  }
  return ", grew in " + std::to_string(finding.growing_windows) + " of " +
         std::to_string(finding.windows) + " windows";
}

std::string heap_used(uint32_t thread) {
  return thread == 0 ? "heapUsed after collections "
                     : "heapUsed of worker " + std::to_string(thread) + " after collections ";
}

}  // namespace

std::string headline(const Finding& finding) {
  const bool script = finding.heap == read::Heap::kManaged;
  const bool leak = finding.verdict == Verdict::kLeak;
  const std::string place = said_place(finding.site);
  if (finding.verdict == Verdict::kBounded || finding.verdict == Verdict::kSawtooth) {
    const auto& bytes = finding.live_bytes;
    const uint64_t peak = bytes.empty() ? 0 : *std::max_element(bytes.begin(), bytes.end());
    return "not a leak: " + before_site(finding) + place +
           (finding.verdict == Verdict::kBounded ? ": stopped growing at "
                                                 : ": released in bulk from ") +
           format_bytes(static_cast<double>(peak));
  }
  const double bytes_per_second = finding.bytes_per_hour.value_or(0) / 3600;
  const std::string pace = bytes_per_second > 0 ? said_pace(bytes_per_second) : "";
  if (script) {
    return std::string(leak ? "JS heap leak: " : "JS heap grows: ") +
           (pace.empty() ? "" : pace + " of ") + "objects allocated in " + place +
           windows_grown(finding);
  }
  const bool by_script = finding.site.kind == FrameKind::kJavaScript;
  return (finding.what == kBuffers ? "Buffers allocated in " + place
                                   : std::string(leak ? "native leak" : "native memory grows") +
                                         (by_script ? " below " : " in ") + place +
                                         (finding.what.empty() ? "" : " [" + finding.what + "]")) +
         (pace.empty() ? "" : ": " + pace) + windows_grown(finding) +
         (finding.beside_flat_heap ? ", while your JS heap is flat" : "");
}

std::string before_site(const Finding& finding) {
  const bool in_it = finding.heap == read::Heap::kManaged || finding.what == kBuffers;
  const bool by_script = finding.site.kind == FrameKind::kJavaScript;
  return thing_of(finding) + (in_it ? " allocated in " : by_script ? " below " : " of ");
}

std::string subject(const report::Why& why) {
  if (why.subject == report::Subject::kManagedHeap) return heap_used(why.thread);
  if (why.subject == report::Subject::kWebAssembly) return "memory of WebAssembly modules ";
  return why.subject == report::Subject::kOutsideHeaps ? "V8's memory outside its heaps " : "";
}

std::string remark(const Remark& remark) {
  const std::string bytes = format_bytes(remark.bytes);
  const bool heap = remark.whole == report::Whole::kManagedHeap;
  using Kind = Remark::Kind;
  if (remark.whole == report::Whole::kJavaHeap) return "";
  switch (remark.kind) {
    case Kind::kWholeFlat:
      return heap ? "; but the JavaScript heap as a whole did not grow: " + bytes + " at the end"
                  : "";
    case Kind::kWholeGrewLess:
      return heap ? "; but the JavaScript heap as a whole grew by only " + bytes +
                        ", which other places account for"
                  : "";
    case Kind::kCountedElsewhere:
      return "; but few samples tell of it, and " + format_percent(remark.share) +
             " of what came in the heap, as counted, is kept by `" + remark.name + "`";
    case Kind::kListedLess:
      return "; but of what can be reached, as listed object by object, there is only " + bytes +
             " more: the rest is what V8 has not given up yet (code, free space)";
    case Kind::kNotJoined:
      return "; but silt is not joined to this Node.js process, so memory that waits for V8's "
             "garbage collector looks the same";
    case Kind::kWithObjects:
      return "; " + bytes + " of JavaScript objects grew with it";
    case Kind::kWithNative:
      return "; " + bytes + " of " + native_thing(remark.name) + " grew with it";
    case Kind::kMoreBy:
      return ", and " + bytes + " more in " + said_place(remark.place) +
             ", which node calls with none of your code on the stack";
    case Kind::kPoolInStep:
      return "; " + bytes + " were allocated in step with it by " + kPoolWords;
    case Kind::kByPool:
      return std::string("; allocated by ") + kPoolWords;
    case Kind::kByPoolLookAt:
      return std::string("; allocated by ") + kPoolWords + ": look at " + said_place(remark.place) +
             ", which grows at the same time";
    case Kind::kHeapWithIt:
      return "; " + heap_used(remark.thread) + render::curve_text(remark.curve) + " with it";
    case Kind::kNoSample:
      return std::string("; V8's profile has no sample of what was added") + kLonger;
    case Kind::kFewSamples:
      return "; too few samples to tell which place: " + render::said_leads(remark.leads) + kLonger;
    case Kind::kEngine:
      return "; but it is V8's own, which needs more for larger heaps and for each worker: look at "
             "what the JavaScript heaps keep, and at workers that nobody ends";
    case Kind::kOutside:
      return "; V8's profile does not see what WebAssembly modules keep there; "
             "objects that wrap such memory must be freed by the module's own means "
             "(delete(), free()), and a WebAssembly memory never shrinks";
    default:
      return "";
  }
}

namespace {

// V8 forgets its samples when it is to take them at another interval.
std::string sampled_anew(const read::Recording& recording) {
  uint64_t before = 0;
  std::string note;
  if (recording.has_heaps_of_another("nodejs")) return note;
  for (const read::Snapshot& snapshot : recording.snapshots) {
    for (const format::ManagedHeapEntry& heap : snapshot.managed_heaps) {
      if (heap.thread_id != 0 || heap.captured_elapsed_ns == 0) continue;
      const uint64_t interval = heap.sampling_interval_bytes;
      if (before != 0 && interval != before) {
        note = "from snapshot " + std::to_string(snapshot.meta.sequence) + " on one in " +
               format_bytes(static_cast<double>(interval)) + " and not in " +
               format_bytes(static_cast<double>(before)) +
               " of the JavaScript heap was sampled, since the program allocates fast; what it had "
               "allocated before is in no figure of a function";
      }
      before = interval;
    }
  }
  return note;
}

}  // namespace

std::vector<std::string> notes(const read::Recording& recording, const report::Report& report) {
  std::vector<std::string> lines;
  if (std::string anew = sampled_anew(recording); !anew.empty()) lines.push_back(std::move(anew));
  for (const read::HeapGrowth& heap : recording.heap_growth) {
    if (heap.why_not.empty()) continue;
    lines.push_back("who keeps the objects of the JavaScript heap was asked for, but: " +
                    heap.why_not);
  }
  if (!recording.heap_growth.empty()) return lines;
  const bool leaks =
      std::any_of(report.findings.begin(), report.findings.end(), [](const Finding& finding) {
        return finding.heap == read::Heap::kManaged && finding.verdict == Verdict::kLeak;
      });
  const size_t last = std::max<size_t>(1, report.judged_snapshots) - 1;
  const double used = static_cast<double>(report.snapshots[last].js_used_bytes);
  if (!leaks || used <= 0) return lines;
  // Bytes that V8 takes to write one, for each of the heap: nine to fourteen were measured.
  constexpr double kMemory = 14;
  lines.push_back(
      "sampling tells who allocated these objects, not who keeps them; two looks at all of them "
      "do: 'silt soak', or 'silt dump --owners PID' while it runs and again when it has grown; a "
      "copy of the process looks, and for this heap of " +
      format_bytes(used) + " takes up to " + format_bytes(used * kMemory) + " more memory");
  return lines;
}

}  // namespace silt::runtime::nodejs
