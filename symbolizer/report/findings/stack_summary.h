// SPDX-License-Identifier: Apache-2.0
//
// Every stack judged on its own, before stacks are put together: what most of them need is only to
// be known not to change.

#ifndef SILT_SYMBOLIZER_REPORT_FINDINGS_STACK_SUMMARY_H_
#define SILT_SYMBOLIZER_REPORT_FINDINGS_STACK_SUMMARY_H_

#include <cstdint>
#include <vector>

#include "symbolizer/analyze/verdict.h"
#include "symbolizer/read/recording.h"

namespace silt::report {

struct StackSummary {
  analyze::Verdict verdict = analyze::Verdict::kSteady;
  double growth_bytes = 0;  // last regular snapshot minus first
  double growth_blocks = 0;
  double range_bytes = 0;  // largest minus smallest live bytes
  double range_blocks = 0;
  double last_bytes = 0;
  bool changes() const { return range_bytes > 0 || range_blocks > 0; }
};

// Managed heaps have a timeline of their own: native stacks and theirs are judged and folded
// apart. kAll: there is one timeline for all.
enum class Heaps : uint8_t { kAll, kNative, kManaged };
bool belongs(const read::Stack& stack, Heaps heaps);

// Judges every stack of the heaps on its own, cheaply where nothing changes; one summary for each
// stack of the recording.
void judge_stacks(const read::Recording& recording, const analyze::Timeline& timeline, Heaps heaps,
                  std::vector<StackSummary>& summaries);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_FINDINGS_STACK_SUMMARY_H_
