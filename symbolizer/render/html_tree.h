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
};

struct CallTree {
  static constexpr int32_t kNone = -1;

  struct Name {
    std::string text;        // clean
    int32_t module = kNone;  // index into modules
    int32_t file = kNone;    // index into files
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
  };

  std::vector<int32_t> parent;  // by node; a parent comes before its children; the root has kNone
  std::vector<uint32_t> name;   // by node, index into names
  std::vector<Name> names;
  std::vector<std::string> modules;  // clean
  std::vector<std::string> files;    // clean
  std::vector<Leaf> leaves;
  size_t stacks_shown = 0;   // with frames of their own
  size_t stacks_summed = 0;  // in the node of all others
};

CallTree make_call_tree(const report::Report& report, const CallTreeLimits& limits = {});

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_HTML_TREE_H_
