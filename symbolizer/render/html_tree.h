// SPDX-License-Identifier: Apache-2.0
//
// All stacks of a report as one tree of calls for the page's flame graph: frames of one function
// are one node whatever their lines, and every name is kept once, so that 50,000 stacks stay some
// megabytes. What is beyond the limits is summed in one node that says so.

#ifndef SILT_SYMBOLIZER_RENDER_HTML_TREE_H_
#define SILT_SYMBOLIZER_RENDER_HTML_TREE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "symbolizer/report/report.h"

namespace silt::render {

struct CallTreeLimits {
  size_t stacks = 50000;
  size_t nodes = 500000;
  // Snapshots of which leaves have values, and all such values: 50,000 stacks at 20 times add some
  // 10 MB to a page where each changes every time, and 0.1 s to its opening.
  size_t times = 200;
  size_t values = 2'000'000;
};

// Whose code a name is, in the order of kCode of html/shapes.js.
enum class Code : uint8_t {
  kApp,           // the user's own
  kDependencies,  // other people's libraries and packages
  kRuntime,       // the language's own: libc, std::, node:internal, Python's modules
  kNative,        // in programs of another language: the C and C++ below it
  kNone,          // no code: a title
};

// What a page calls it.
const char* code_word(Code code);

struct CallTree {
  static constexpr int32_t kNone = -1;

  struct Name {
    std::string text;        // clean
    int32_t module = kNone;  // index into modules
    int32_t file = kNone;    // index into files
    Code code = Code::kNone;
  };
  // What is counted at one node for one finding or for none.
  struct Leaf {
    uint32_t node = 0;
    int32_t finding = kNone;  // index into Report::findings
    int64_t growth_bytes = 0;
    int64_t growth_blocks = 0;
    uint64_t live_bytes = 0;
    uint64_t live_blocks = 0;
    uint64_t allocated_bytes = 0;
    uint64_t allocated_blocks = 0;
    // Live at each of `times`.
    std::vector<uint64_t> bytes_over_time;
    std::vector<uint64_t> blocks_over_time;
  };

  std::vector<int32_t> parent;  // by node; a parent comes before its children; the root has kNone
  std::vector<uint32_t> name;   // by node, index into names
  std::vector<Name> names;
  std::vector<std::string> modules;  // clean
  std::vector<std::string> files;    // clean
  std::vector<Leaf> leaves;
  std::vector<size_t> times;  // indexes into Report::snapshots; the first and last that are judged
  size_t stacks_shown = 0;    // with frames of their own
  size_t stacks_summed = 0;   // in the node of all others
};

CallTree make_call_tree(const report::Report& report, const CallTreeLimits& limits = {});

// Whether the report has frames of a language that a runtime runs, below which native code is not
// what people write.
bool has_managed_code(const report::Report& report);
// Whose code it is in such a report, or in one without.
Code code_of(const symbolize::Frame& frame, bool managed);

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_HTML_TREE_H_
