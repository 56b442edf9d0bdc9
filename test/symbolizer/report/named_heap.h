// SPDX-License-Identifier: Apache-2.0
//
// A simulated heap whose stacks have names: for tests of folding and of whole reports without any
// binary. Frames are given innermost first; equal outer parts share nodes, as in a recording.

#ifndef SILT_TEST_SYMBOLIZER_REPORT_NAMED_HEAP_H_
#define SILT_TEST_SYMBOLIZER_REPORT_NAMED_HEAP_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "symbolizer/report/build.h"
#include "test/symbolizer/analyze/simulated_heap.h"

namespace silt::test {

// "function" at file:line of a module; "app" stands for the main binary.
symbolize::Frame frame(const std::string& function, const std::string& file = "", uint32_t line = 0,
                       const std::string& module = "/srv/app");

// Frames that most stacks have.
extern const symbolize::Frame kMalloc, kNew, kEmplace, kMain;

// How many findings of a report are leaks.
size_t leaks(const report::Report& report);

class NamedHeap : public SimulatedHeap {
 public:
  explicit NamedHeap(const std::vector<std::vector<symbolize::Frame>>& stacks, unsigned seed = 1);

  report::Names names() const;
  report::Report report(const report::Options& options = {}) const;

 private:
  std::map<read::NodeId, symbolize::FrameList> frames_;
};

}  // namespace silt::test

#endif  // SILT_TEST_SYMBOLIZER_REPORT_NAMED_HEAP_H_
