// SPDX-License-Identifier: Apache-2.0
//
// What is said of a Java heap; see java_heap.h. Names come from the program: renderers escape them.

#include <algorithm>

#include "symbolizer/base/quantity.h"
#include "symbolizer/render/place_words.h"
#include "symbolizer/runtime/jvm/java_heap.h"

namespace silt::runtime::jvm {
namespace {

using report::Finding;
using report::Remark;

// As judge_whole wants them.
constexpr size_t kFewestLooks = 5;

constexpr const char* kHow =
    "'silt soak' looks at its classes at each snapshot, and so does 'silt dump --owners PID', five "
    "times or more under load";

// "31,000 com.shop.Session"
std::string said_class(double objects, const std::string& name) {
  return format_count(objects) + " " + name;
}

// Where the machine could not be joined, why.
std::string why_not_joined(const read::Recording& recording) {
  for (const read::Snapshot::Runtime& runtime : recording.snapshots.back().runtimes) {
    if (runtime.name == "jvm" && !runtime.why_not.empty()) return runtime.why_not;
  }
  return "";
}

// A pace in the unit that gives a handy figure.
std::string said_pace(double bytes_per_second) {
  if (bytes_per_second >= 50'000) return format_bytes(bytes_per_second) + "/s";
  if (bytes_per_second >= 50'000. / 60) return format_bytes(bytes_per_second * 60) + "/min";
  return format_bytes(bytes_per_second * 3600) + "/h";
}

// "Java heap leak: 1.2 MB/s of objects allocated in `Shop.put` (Shop.java:12), mostly byte[]"
std::string place_headline(const Finding& finding) {
  using report::Verdict;
  const std::string place = render::said_place(finding.site);
  if (finding.heap != read::Heap::kJava && finding.heap != read::Heap::kManaged) return "";
  if (finding.verdict == Verdict::kBounded || finding.verdict == Verdict::kSawtooth) {
    const auto& bytes = finding.live_bytes;
    const uint64_t peak = bytes.empty() ? 0 : *std::max_element(bytes.begin(), bytes.end());
    return "not a leak: " + java_before_site(finding) + place +
           (finding.verdict == Verdict::kBounded ? ": stopped growing at "
                                                 : ": released in bulk from ") +
           format_bytes(static_cast<double>(peak));
  }
  const double pace = finding.bytes_per_hour.value_or(0) / 3600;
  std::string text = finding.verdict == Verdict::kLeak ? "Java heap leak: " : "Java heap grows: ";
  text += (pace > 0 ? said_pace(pace) + " of " : "") + "objects allocated in " + place;
  constexpr double kMostly = 0.5;
  if (!finding.types.empty() && finding.types.front().share >= kMostly) {
    text += ", mostly " + finding.types.front().name;
  }
  return text;
}

}  // namespace

std::string java_before_site(const Finding& finding) {
  const bool objects = finding.heap == read::Heap::kJava || finding.heap == read::Heap::kManaged;
  return objects ? "Java objects allocated in " : "";
}

std::string java_headline(const Finding& finding) {
  if (finding.whole.empty()) return place_headline(finding);
  const auto& bytes = finding.live_bytes;
  const auto said = [&](bool last) {
    return bytes.empty() ? "?"
                         : format_bytes(static_cast<double>(last ? bytes.back() : bytes.front()));
  };
  std::string text =
      finding.verdict == report::Verdict::kLeak ? "Java heap leaks: " : "Java heap grows: ";
  text += said(false) + " → " + said(true) + " after collections";
  if (finding.types.empty()) return text;
  const report::TypeLine& first = finding.types.front();
  return text + ", with it " + said_class(static_cast<double>(first.objects), first.name);
}

std::string java_subject(const report::Why& why) {
  const bool heap =
      why.subject == report::Subject::kJavaHeap || why.subject == report::Subject::kManagedHeap;
  return heap ? "live Java objects after collections " : "";
}

std::string java_remark(const Remark& remark) {
  using Kind = Remark::Kind;
  const bool java = remark.whole == report::Whole::kJavaHeap;
  switch (remark.kind) {
    case Kind::kCame:
      return remark.share > 0 ? "; the class of the program that came most is " + remark.name +
                                    ", " + format_counted(remark.count, "object")
                              : "; what came is of the JDK's classes, mostly " + remark.name +
                                    ": look at what keeps them";
    case Kind::kSoftly:
      return "; " + format_count(remark.count) +
             " soft references came with it: the machine clears them before it runs out of memory, "
             "so what only they keep is no leak (a smaller -Xmx, or -XX:SoftRefLRUPolicyMSPerMB=0, "
             "will tell)";
    case Kind::kLoadedAnew:
      return "; " + remark.name + " is loaded " + format_count(remark.count) +
             " times, by as many class loaders, which are kept";
    case Kind::kWholeFlat:
      return java ? "; but the Java heap as a whole did not grow: " + format_bytes(remark.bytes) +
                        " at the end"
                  : "";
    case Kind::kWholeGrewLess:
      return java ? "; but the Java heap as a whole grew by only " + format_bytes(remark.bytes) +
                        ", which other places account for"
                  : "";
    case Kind::kFewSamples:
      if (!java) return "";
      return "; too few samples to tell which place: " + render::said_leads(remark.leads) +
             "; a longer run or a smaller SILT_JAVA_INTERVAL will tell";
    case Kind::kNoSites:
      return "; no place that allocates Java objects is known: a heap dump ('jcmd PID "
             "GC.heap_dump FILE') tells what keeps them, jdk.OldObjectSample of Flight Recorder "
             "also where they were allocated";
    default:
      return "";
  }
}

std::vector<std::string> java_heap_notes(const read::Recording& recording,
                                         const report::Report& /*report*/) {
  const bool machine = std::any_of(recording.modules.begin(), recording.modules.end(),
                                   [](const read::Module& module) {
                                     return module.path.find("libjvm.so") != std::string::npos;
                                   });
  const read::ClassCensus& census = recording.class_census;
  if (!machine && census.empty()) return {};
  const bool sampled = has_samples(recording);
  const size_t looks = census.looks.size();
  std::vector<std::string> notes;
  if (const std::string why = why_not_joined(recording); !why.empty()) {
    notes.push_back("who allocates the objects of the Java heap was not sampled: " + why);
  }
  if (!census.why_not.empty()) {
    notes.push_back(std::string(looks >= kFewestLooks || sampled
                                    ? "a look at the classes of the Java heap failed: "
                                    : "the Java heap was not judged: ") +
                    census.why_not);
  } else if (looks < kFewestLooks && !sampled) {
    notes.push_back("the Java heap was not judged, only memory outside it" +
                    (looks == 0 ? std::string()
                                : " (" + format_counted(static_cast<double>(looks), "look") +
                                      ", five are needed)") +
                    ": " + kHow);
  }
  return notes;
}

}  // namespace silt::runtime::jvm
