// SPDX-License-Identifier: Apache-2.0
//
// .debug_aranges answers first; clang does not write it and mixed builds have it in part, so an
// address it does not know sends us once over all units' own ranges. Siblings are followed only
// forward and nesting only so deep: debug information may be damaged too.

#include "symbolizer/symbolize/debug_lines.h"

#include <dwarf.h>

#include <algorithm>

#include "symbolizer/symbolize/debug_names.h"

namespace silt::symbolize {
namespace {

constexpr int kDeepestNesting = 256;
constexpr size_t kMostInlined = 256;

bool is_block(int tag) {
  return tag == DW_TAG_lexical_block || tag == DW_TAG_inlined_subroutine ||
         tag == DW_TAG_try_block || tag == DW_TAG_catch_block;
}

// The next sibling, but never backwards.
bool next_sibling(Dwarf_Die& die) {
  const Dwarf_Off before = dwarf_dieoffset(&die);
  Dwarf_Die next;
  if (dwarf_siblingof(&die, &next) != 0 || dwarf_dieoffset(&next) <= before) return false;
  die = next;
  return true;
}

// What was inlined at `address` into `function`, outermost first.
std::vector<Dwarf_Die> inlined_at(const Dwarf_Die& function, Dwarf_Addr address) {
  std::vector<Dwarf_Die> chain;
  Dwarf_Die scope = function;
  for (int depth = 0; depth < kDeepestNesting && chain.size() < kMostInlined; ++depth) {
    Dwarf_Die child;
    if (dwarf_child(&scope, &child) != 0) break;
    bool found = false;
    do {
      found = is_block(dwarf_tag(&child)) && dwarf_haspc(&child, address) > 0;
    } while (!found && next_sibling(child));
    if (!found) break;
    if (dwarf_tag(&child) == DW_TAG_inlined_subroutine) chain.push_back(child);
    scope = child;
  }
  return chain;
}

}  // namespace

DebugLines::DebugLines(Dwfl_Module* module) : dwarf_(dwfl_module_getdwarf(module, &bias_)) {}

void DebugLines::sort_ranges(std::vector<Range>& ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) {
    return a.start != b.start ? a.start < b.start : a.end > b.end;
  });
  Dwarf_Addr last_end = 0;
  for (Range& range : ranges) range.last_end = last_end = std::max(last_end, range.end);
}

// The innermost range around the address: of nested ones, the one that begins last.
const DebugLines::Range* DebugLines::find_range(const std::vector<Range>& ranges,
                                                Dwarf_Addr address) {
  auto next =
      std::upper_bound(ranges.begin(), ranges.end(), address,
                       [](Dwarf_Addr value, const Range& range) { return value < range.start; });
  while (next != ranges.begin()) {
    --next;
    if (address < next->end) return &*next;
    if (address >= next->last_end) break;
  }
  return nullptr;
}

void DebugLines::index_units() {
  if (units_indexed_) return;
  units_indexed_ = true;
  Dwarf_CU* unit = nullptr;
  Dwarf_Die die;
  while (dwarf_get_units(dwarf_, unit, &unit, nullptr, nullptr, &die, nullptr) == 0) {
    Dwarf_Addr base = 0, start = 0, end = 0;
    for (ptrdiff_t at = 0; (at = dwarf_ranges(&die, at, &base, &start, &end)) > 0;) {
      if (start < end) units_.push_back({start, end, end, die});
    }
  }
  sort_ranges(units_);
}

std::optional<Dwarf_Die> DebugLines::unit_at(Dwarf_Addr address) {
  Dwarf_Die unit;
  if (dwarf_addrdie(dwarf_, address, &unit) != nullptr) return unit;
  index_units();
  const Range* range = find_range(units_, address);
  if (range == nullptr) return std::nullopt;
  return range->die;
}

// Depth first without recursion. Functions inside functions (lambdas, local classes) are rare, and
// looking for them means looking at everything: only `everywhere` does.
void DebugLines::collect_functions(Dwarf_Die& unit, bool everywhere, std::vector<Range>& ranges) {
  std::vector<Dwarf_Die> path;
  Dwarf_Die die;
  if (dwarf_child(&unit, &die) != 0) return;
  for (;;) {
    const int tag = dwarf_tag(&die);
    if (tag == DW_TAG_subprogram) {
      Dwarf_Addr base = 0, start = 0, end = 0;
      for (ptrdiff_t at = 0; (at = dwarf_ranges(&die, at, &base, &start, &end)) > 0;) {
        if (start < end) ranges.push_back({start, end, end, die});
      }
    }
    const bool enter = is_scope(tag) || (everywhere && (tag == DW_TAG_subprogram || is_block(tag)));
    Dwarf_Die child;
    if (enter && path.size() < kDeepestNesting && dwarf_child(&die, &child) == 0 &&
        dwarf_dieoffset(&child) > dwarf_dieoffset(&die)) {
      path.push_back(die);
      die = child;
      continue;
    }
    while (!next_sibling(die)) {
      if (path.empty()) return;
      die = path.back();
      path.pop_back();
    }
  }
}

std::optional<Dwarf_Die> DebugLines::function_at(Dwarf_Die& unit, Dwarf_Addr address) {
  const auto [entry, added] = functions_.try_emplace(unit.addr);
  Functions& functions = entry->second;
  if (added) {
    collect_functions(unit, false, functions.ranges);
    sort_ranges(functions.ranges);
  }
  const Range* range = find_range(functions.ranges, address);
  if (range == nullptr && !functions.complete) {
    functions.complete = true;
    functions.ranges.clear();
    collect_functions(unit, true, functions.ranges);
    sort_ranges(functions.ranges);
    range = find_range(functions.ranges, address);
  }
  if (range == nullptr) return std::nullopt;
  return range->die;
}

std::vector<Frame> DebugLines::find(FileAddress file_address) {
  const Dwarf_Addr address = number_of(file_address) - bias_;
  std::optional<Dwarf_Die> unit = unit_at(address);
  if (!unit) return {};

  // With split debug information the unit here is a skeleton: lines only.
  Dwarf_Die tree = *unit, split;
  uint8_t unit_type = 0;
  if (dwarf_cu_info(unit->cu, nullptr, &unit_type, nullptr, &split, nullptr, nullptr, nullptr) ==
          0 &&
      unit_type == DW_UT_skeleton && dwarf_tag(&split) == DW_TAG_compile_unit) {
    tree = split;
  }

  std::vector<Frame> frames;
  Frame innermost;
  set_line(*unit, address, innermost);
  auto function = function_at(tree, address);
  if (!function) {
    if (!innermost.file.empty()) frames.push_back(std::move(innermost));
    return frames;
  }
  std::vector<Dwarf_Die> inlined = inlined_at(*function, address);
  Frame place = std::move(innermost);
  for (auto die = inlined.rbegin(); die != inlined.rend(); ++die) {
    Frame frame = std::move(place);
    frame.inlined = true;
    set_function(*die, frame);
    frames.push_back(std::move(frame));
    place = Frame();
    set_call_site(*die, *unit, place);
  }
  set_function(*function, place);
  frames.push_back(std::move(place));
  return frames;
}

}  // namespace silt::symbolize
