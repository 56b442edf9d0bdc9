// SPDX-License-Identifier: Apache-2.0
//
// Debug information (DWARF) of a module: the function at an address, what was inlined into it
// there, and lines. Units and functions are indexed when an address first falls into them; the
// rest of a large file is never read.

#ifndef SILT_SYMBOLIZER_SYMBOLIZE_DEBUG_LINES_H_
#define SILT_SYMBOLIZER_SYMBOLIZE_DEBUG_LINES_H_

#include <elfutils/libdwfl.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "symbolizer/symbolize/symbolizer.h"

namespace silt::symbolize {

class DebugLines {
 public:
  // The module must stay open.
  explicit DebugLines(Dwfl_Module* module);

  bool available() const { return dwarf_ != nullptr; }

  // Frames at an address of the file, innermost first; none when no unit covers it. The last one's
  // function is empty when the unit does not say (only lines).
  std::vector<Frame> find(FileAddress address);

 private:
  struct Range {
    Dwarf_Addr start;
    Dwarf_Addr end;
    Dwarf_Addr last_end;  // largest end of this range and all before it
    Dwarf_Die die;
  };
  // Functions of a unit. `complete` when those inside other functions are in too.
  struct Functions {
    std::vector<Range> ranges;
    bool complete = false;
  };

  std::optional<Dwarf_Die> unit_at(Dwarf_Addr address);
  std::optional<Dwarf_Die> function_at(Dwarf_Die& unit, Dwarf_Addr address);
  void index_units();
  static void collect_functions(Dwarf_Die& unit, bool everywhere, std::vector<Range>& ranges);
  static void sort_ranges(std::vector<Range>& ranges);
  static const Range* find_range(const std::vector<Range>& ranges, Dwarf_Addr address);

  Dwarf_Addr bias_ = 0;  // module address minus address in the debug information
  Dwarf* dwarf_;         // after bias_, which is written with it; null: none
  bool units_indexed_ = false;
  std::vector<Range> units_;
  std::map<void*, Functions> functions_;  // by the address of the unit's bytes
};

}  // namespace silt::symbolize

#endif  // SILT_SYMBOLIZER_SYMBOLIZE_DEBUG_LINES_H_
