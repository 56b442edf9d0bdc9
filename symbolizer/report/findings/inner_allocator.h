// SPDX-License-Identifier: Apache-2.0
//
// Allocators inside programs and runtimes: they ask for large pieces by mmap or malloc and hand out
// the blocks themselves, so that silt sees only whoever happened to need the next piece. Each is
// known by its code, and most can be switched off by one setting, after which every block is seen.

#ifndef SILT_SYMBOLIZER_REPORT_FINDINGS_INNER_ALLOCATOR_H_
#define SILT_SYMBOLIZER_REPORT_FINDINGS_INNER_ALLOCATOR_H_

#include <cstdint>
#include <optional>
#include <string>

#include "symbolizer/symbolize/symbolizer.h"

namespace silt::report {

struct InnerAllocator {
  std::string name;     // "Python's own allocator (pymalloc)"
  std::string setting;  // what makes each block seen: "PYTHONMALLOC=malloc"; empty: nothing does
  std::string runtime;  // of an interpreter's own allocator: "python", "php"; else empty
  // A managed heap that collects itself and has a bound of its own: nothing is said about what it
  // holds.
  bool managed = false;
  // How much it maps at a time for blocks that it hands out itself, where larger ones get mappings
  // of their own; 0: unknown.
  uint64_t piece_bytes = 0;
};

// Who asked for this memory, if it was an allocator that hands it out itself. Frames innermost
// first.
std::optional<InnerAllocator> inner_allocator(const symbolize::FrameList& frames);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_FINDINGS_INNER_ALLOCATOR_H_
