// SPDX-License-Identifier: Apache-2.0
//
// The seam between reports and the runtimes of other languages that may have been in the program.
// All that a report has to know of one stands in this struct. Each has a folder in
// symbolizer/runtime/ and a line in the list there, so that adding one touches its folder, the list
// and its tests. docs/runtimes.md goes through what a new one provides.

#ifndef SILT_SYMBOLIZER_REPORT_RUNTIME_H_
#define SILT_SYMBOLIZER_REPORT_RUNTIME_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "symbolizer/report/findings/candidate.h"
#include "symbolizer/report/findings/fold.h"
#include "symbolizer/report/findings/whole.h"
#include "symbolizer/report/report.h"
#include "symbolizer/report/site.h"

namespace silt::report {

// What a runtime does of its own accord, wherever it was set off: a site that is no place in
// anybody's program.
enum class OwnWork : uint8_t {
  kNone,
  kCollecting,  // or compiling: it grows with the heap
  kBooks,       // never a finding
  kProfiling,   // silt's own doing
};

// What the passes of a runtime look at.
struct Settling {
  const read::Recording& recording;
  const analyze::Timeline& timeline;
  // Of heaps that a runtime collects; without regular snapshots where there are none.
  const analyze::Timeline& managed_timeline;
  const NodeFrames& names;
};

// Every member but the name may be left out.
struct Runtime {
  std::string_view name;  // as RuntimeEntry::name
  // Whether it was in the program; of those that do work of their own.
  bool (*was_in)(const read::Recording& recording) = nullptr;

  // Of the functions that it runs; kNative: it names none.
  symbolize::FrameKind kind = symbolize::FrameKind::kNative;
  std::string_view kind_word = {};  // the same for programs that read a report: "js"

  // How the names of its programs, of its libraries and of its functions begin: native frames of
  // these are the runtime's. A program's name goes on with a version or not at all.
  std::span<const std::string_view> programs = {};
  std::span<const std::string_view> libraries = {};
  std::span<const std::string_view> functions = {};

  // Whose code a frame of its kind is.
  Origin (*origin_of)(const symbolize::Frame& frame) = nullptr;
  // Whether a function of its own library, written in the language, only hands out memory.
  bool (*is_allocator)(const symbolize::Frame& frame) = nullptr;
  // The name under which this native frame's, or this whole stack's, own work is one site; empty
  // for others. What work a site so named is.
  std::string_view (*own_work)(const symbolize::Frame& frame) = nullptr;
  std::string_view (*own_stack)(const symbolize::FrameList& frames) = nullptr;
  OwnWork (*work_of)(std::string_view site) = nullptr;
  // Whether native frames between its functions tell nothing.
  bool hides_native_frames = false;
  // Whether each value that is handed to a function, a number or a text, may be a block of its own,
  // in memory that is no collector's.
  bool boxes_values = false;
  // The name of a function that stands for the code of a file, outside all functions.
  std::string_view file_code = {};

  // Places that its compiler made of one, put together before they are judged.
  void (*join_places)(const Settling& input, std::vector<Candidate>& candidates) = nullptr;
  // What it knows of groups that are judged: what goes together, what is its own, and grounds.
  void (*settle)(const Settling& input, std::vector<Group>& groups) = nullptr;
  // Sums of its own: heaps that it collects.
  void (*judge_wholes)(const WholeInput& input, std::vector<Group>& groups,
                       Wholes& wholes) = nullptr;

  // The variable in which it has its own state, free objects among it.
  std::string_view state_variable = {};
  // The function that its heap profiler takes a sample in.
  symbolize::FunctionInModule heap_profiler = {};
  // Whether a copy of the process can list all objects of its heap.
  bool lists_heap = false;
  // Who keeps what it collects, as far as the recording knows: on its own and in findings.
  void (*add_owners)(const read::Recording& recording, Report& report) = nullptr;
  // What a reader has to know of how it was recorded, or can do besides.
  std::vector<std::string> (*notes)(const read::Recording& recording,
                                    const Report& report) = nullptr;
  // Its words: a finding in one sentence, what stands before a site's name with a space after it,
  // whose curve it is, and remarks that it alone makes; empty where it has none.
  std::string (*headline)(const Finding& finding) = nullptr;
  std::string (*before_site)(const Finding& finding) = nullptr;
  std::string (*subject)(const Why& why) = nullptr;
  std::string (*remark)(const Remark& remark) = nullptr;
};

// All there are: symbolizer/runtime/list.cpp.
std::span<const Runtime* const> runtimes();

// The one of this name, or whose functions frames of this kind are; nullptr: none.
const Runtime* find_runtime(std::string_view name);
const Runtime* find_runtime(symbolize::FrameKind kind);
// Of the language whose functions frames of this kind are; false for others.
bool boxes_values(symbolize::FrameKind kind);

// The name of a runtime's own work, as above, whichever runtime it is.
std::string_view own_work(const symbolize::Frame& frame);
std::string_view own_stack(const symbolize::FrameList& frames);
OwnWork own_work_of(const symbolize::Frame& site);

// The function that a runtime's heap profiler takes a sample in; its names are empty without one.
symbolize::FunctionInModule heap_profiler();

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_RUNTIME_H_
