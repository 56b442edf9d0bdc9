// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/runtime/python/python.h"

#include <array>

#include "symbolizer/runtime/python/event_loop.h"
#include "symbolizer/runtime/python/frames.h"
#include "symbolizer/runtime/python/recycled.h"
#include "symbolizer/runtime/python/words.h"

namespace silt::runtime {
namespace {

constexpr std::array<std::string_view, 1> kPythonPrograms = {"python"};
constexpr std::array<std::string_view, 1> kPythonLibraries = {"libpython"};
constexpr std::array<std::string_view, 1> kPythonFunctions = {"_Py"};

report::Origin origin_of(const symbolize::Frame& frame) {
  if (frame.file.starts_with("<frozen")) return report::Origin::kRuntime;
  return python::owns(frame) ? report::Origin::kUser : report::Origin::kLibrary;
}

// Its findings are told in its words.
void settle_python(const report::Settling& input, std::vector<report::Group>& groups) {
  python::doubt_recycled(input.recording, groups);
  python::look_below_event_loops(input, groups);
  for (report::Group& group : groups) {
    const bool python =
        group.heap == read::Heap::kObjects || group.site.kind == symbolize::FrameKind::kPython;
    if (python && group.runtime.empty()) group.runtime = "python";
  }
}

std::string before_site(const report::Finding& finding) {
  return finding.heap == read::Heap::kObjects ? "objects allocated in " : "native memory below ";
}

std::vector<std::string> python_notes(const read::Recording& recording, const report::Report&) {
  return python::notes(recording);
}

}  // namespace

constexpr report::Runtime kPython = {.name = "python",
                                     .kind = symbolize::FrameKind::kPython,
                                     .kind_word = "python",
                                     .programs = kPythonPrograms,
                                     .libraries = kPythonLibraries,
                                     .functions = kPythonFunctions,
                                     .origin_of = origin_of,
                                     .hides_native_frames = true,
                                     .boxes_values = true,
                                     .file_code = "<module>",
                                     .settle = settle_python,
                                     .state_variable = "_PyRuntime",
                                     .notes = python_notes,
                                     .before_site = before_site,
                                     .remark = python::remark};

}  // namespace silt::runtime
