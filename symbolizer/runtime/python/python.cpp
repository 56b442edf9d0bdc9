// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/runtime/python/python.h"

#include <array>

#include "symbolizer/runtime/python/frames.h"
#include "symbolizer/runtime/python/recycled.h"
#include "symbolizer/runtime/python/words.h"

namespace silt::runtime {
namespace {

constexpr std::array<std::string_view, 1> kPrograms = {"python"};
constexpr std::array<std::string_view, 1> kLibraries = {"libpython"};
constexpr std::array<std::string_view, 1> kFunctions = {"_Py"};

report::Origin origin_of(const symbolize::Frame& frame) {
  if (frame.file.starts_with("<frozen")) return report::Origin::kRuntime;
  return python::owns(frame) ? report::Origin::kUser : report::Origin::kLibrary;
}

// Its findings are told in its words.
void settle(const report::Settling& input, std::vector<report::Group>& groups) {
  python::doubt_recycled(input.recording, groups);
  for (report::Group& group : groups) {
    const bool python =
        group.heap == read::Heap::kObjects || group.site.kind == symbolize::FrameKind::kPython;
    if (python && group.runtime.empty()) group.runtime = "python";
  }
}

std::string before_site(const report::Finding& finding) {
  return finding.heap == read::Heap::kObjects ? "objects allocated in " : "native memory below ";
}

std::vector<std::string> notes(const read::Recording& recording, const report::Report&) {
  return python::notes(recording);
}

}  // namespace

constexpr report::Runtime kPython = {.name = "python",
                                     .kind = symbolize::FrameKind::kPython,
                                     .kind_word = "python",
                                     .programs = kPrograms,
                                     .libraries = kLibraries,
                                     .functions = kFunctions,
                                     .origin_of = origin_of,
                                     .hides_native_frames = true,
                                     .settle = settle,
                                     .notes = notes,
                                     .before_site = before_site,
                                     .remark = python::remark};

}  // namespace silt::runtime
