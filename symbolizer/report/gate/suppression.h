// SPDX-License-Identifier: Apache-2.0
//
// Suppressions: files of LeakSanitizer are read as they are, and a line may say more, a reason and
// a last day:
//
//   leak:PATTERN
//   leak:PATTERN  # reason
//   leak:PATTERN  until=2026-12-31  # reason
//   owner:PATTERN  # reason
//
// A pattern is matched against function, file and module of every frame of the finding's stacks, or
// against who keeps its blocks; `*` stands for anything, `^` and `$` hold it to the beginning and
// end.

#ifndef SILT_SYMBOLIZER_REPORT_GATE_SUPPRESSION_H_
#define SILT_SYMBOLIZER_REPORT_GATE_SUPPRESSION_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "symbolizer/base/result.h"
#include "symbolizer/report/report.h"

namespace silt::report {

struct Suppression {
  std::string pattern;
  bool of_owner = false;
  std::string until;  // "YYYY-MM-DD", empty: for ever
  std::string reason;
  size_t line = 0;
};

// Text of a whole file; an error says which line is wrong and what would be right.
Result<std::vector<Suppression>> parse_suppressions(std::string_view text);

// Whether a pattern with `*`, `^` and `$` is found in the text.
bool matches(std::string_view pattern, std::string_view text);

// Whether the pattern excuses the finding, whatever its last day. `stacks` are the report's by id.
bool suppresses(const Suppression& suppression, const Finding& finding,
                const std::unordered_map<read::StackId, const StackLine*>& stacks);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_GATE_SUPPRESSION_H_
