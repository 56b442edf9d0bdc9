// SPDX-License-Identifier: Apache-2.0
//
// Words; see the header. Names come from the program: renderers escape them.

#include "symbolizer/runtime/python/words.h"

#include "interposer/format/snapshot.h"
#include "symbolizer/base/quantity.h"

namespace silt::runtime::python {
namespace {

// "3.11.2 (main, …) [GCC …]" is told as "3.11.2"; "before 3.11" as it is.
std::string short_version(const std::string& version) {
  if (version.starts_with("before")) return version;
  return version.substr(0, version.find(' '));
}

}  // namespace

std::vector<std::string> notes(const read::Recording& recording) {
  std::vector<std::string> notes;
  for (const read::Snapshot::Runtime& runtime : recording.snapshots.back().runtimes) {
    if (runtime.name != "python") continue;
    const std::string python = "Python " + short_version(runtime.version);
    if (!runtime.why_not.empty()) {
      notes.push_back(python + " was not joined: " + runtime.why_not +
                      "; its functions are not named, and its objects are seen as the memory that "
                      "holds them (PYTHONMALLOC=malloc shows them one by one)");
    } else if ((runtime.flags & format::kRuntimeFrames) == 0) {
      notes.push_back(python + " had not run anything yet when this was recorded");
    } else if ((runtime.flags & format::kRuntimeObjects) == 0) {
      notes.push_back(python +
                      ": tracemalloc was on when silt joined, so objects are seen as the memory "
                      "that holds them");
    }
  }
  return notes;
}

std::string remark(const report::Remark& remark) {
  if (remark.kind != report::Remark::Kind::kRecycled) return "";
  return "; but Python keeps up to " + format_count(remark.count) +
         " such objects that were freed and hands them out again anywhere, so that so few may be "
         "in use elsewhere by now; a longer run will tell";
}

}  // namespace silt::runtime::python
