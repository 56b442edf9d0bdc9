// SPDX-License-Identifier: Apache-2.0
//
// What is said of a Java heap; see java_heap.h. Names come from the program: renderers escape them.

#include <algorithm>

#include "symbolizer/base/quantity.h"
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

}  // namespace

std::string java_headline(const Finding& finding) {
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
  return why.subject == report::Subject::kClassCensus ? "live Java objects after collections " : "";
}

std::string java_remark(const Remark& remark) {
  using Kind = Remark::Kind;
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
    case Kind::kNoSites:
      return "; silt sees no place that allocates Java objects: a heap dump ('jcmd PID "
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
  const size_t looks = census.looks.size();
  if (!census.why_not.empty()) {
    return {std::string(looks >= kFewestLooks ? "a look at the Java heap failed: "
                                              : "the Java heap was not judged: ") +
            census.why_not};
  }
  if (looks >= kFewestLooks) return {};
  return {"the Java heap was not judged, only memory outside it" +
          (looks == 0
               ? std::string()
               : " (" + format_counted(static_cast<double>(looks), "look") + ", five are needed)") +
          ": " + kHow};
}

}  // namespace silt::runtime::jvm
