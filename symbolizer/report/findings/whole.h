// SPDX-License-Identifier: Apache-2.0
//
// The whole first, then the places. Sums that are known to the byte (live native memory, resident
// memory of mappings, each JavaScript heap after its collections, what else is resident) are judged
// by their own curves; what grows and no place explains becomes a finding of the whole, with leads,
// with why no finer place can be named, and with what would name it. Where one place alone accounts
// for the growth, though it was seen too seldom to be judged by its blocks, that place is accused.

#ifndef SILT_SYMBOLIZER_REPORT_FINDINGS_WHOLE_H_
#define SILT_SYMBOLIZER_REPORT_FINDINGS_WHOLE_H_

#include <optional>
#include <string>
#include <vector>

#include "symbolizer/report/findings/fold.h"
#include "symbolizer/report/report.h"

namespace silt::report {

struct Wholes {
  std::vector<Finding> findings;
  std::vector<std::string> notes;
  // The smallest growth of any of these sums that would have been spoken of; none: too short.
  std::optional<double> detectable_bytes_per_hour;
};

struct WholeInput {
  const read::Recording& recording;
  const analyze::Timeline& timeline;
  const std::vector<StackSummary>& summaries;
  const NodeFrames& names;
  const FoldOptions& options;
  const std::vector<uint64_t>& own_heap_mappings;  // symbolizer/report/own_heap_mappings.h
  bool own_malloc = false;  // the program's binary defines malloc: what it hands out is not seen
};

// `groups` are those of the places; one that the whole accuses or clears is judged by the whole's
// curve instead of its own.
Wholes judge_wholes(const WholeInput& input, std::vector<Group>& groups);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_FINDINGS_WHOLE_H_
