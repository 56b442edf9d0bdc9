// SPDX-License-Identifier: Apache-2.0
//
// From a recording to the report that every format renders: analysis first, then names, and names
// only for what is shown.

#ifndef SILT_SYMBOLIZER_REPORT_BUILD_H_
#define SILT_SYMBOLIZER_REPORT_BUILD_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "symbolizer/read/recording.h"
#include "symbolizer/report/findings/fold.h"
#include "symbolizer/report/owners.h"
#include "symbolizer/report/report.h"

namespace silt::report {

struct Options {
  size_t top = 20;                // stacks with frames besides those of findings; 0: all
  std::string module;             // keep what has a frame in a module whose name contains it
  std::string function;           // keep what has a frame whose function contains it
  std::vector<Verdict> verdicts;  // keep findings and stacks of these; empty: all
  std::vector<std::string> look_through;  // modules that are never a site
  uint64_t limit_bytes = 0;               // 0: the cgroup's, as recorded
  std::vector<double> work;               // units of work done at each snapshot, or empty
};

// What the builder needs to know of names; a Symbolizer gives it, tests give values.
struct Names {
  NodeFrames node_frames;
  std::function<std::vector<std::string>()> allocators_in_main;  // see Symbolizer
  std::function<std::vector<std::string>()> notes;               // gathered so far
  VariableNames variables = {};                                  // empty: they have no names
  FunctionNames functions = {};                                  // the same
};
Names names_of(symbolize::Symbolizer& symbolizer);

// Told now and then how far the work is, 0..1.
using Progress = std::function<void(const char* what, double done)>;

Report build_report(const read::Recording& recording, const Names& names, const Options& options,
                    const Progress& progress = {});

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_BUILD_H_
