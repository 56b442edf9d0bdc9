// SPDX-License-Identifier: Apache-2.0
//
// What runtimes share whose heaps are known by samples and by one figure after each collection: a
// place of samples is held against the heap as a whole, and the heap accuses a place that alone
// accounts for its growth.

#ifndef SILT_SYMBOLIZER_REPORT_FINDINGS_MANAGED_HEAP_H_
#define SILT_SYMBOLIZER_REPORT_FINDINGS_MANAGED_HEAP_H_

#include <cstdint>
#include <vector>

#include "symbolizer/report/findings/whole_sums.h"

namespace silt::report {

// A figure of each snapshot that a timeline looks at.
template <typename Figure>
std::vector<double> at_moments(const read::Recording& recording, const analyze::Timeline& timeline,
                               const Figure& figure) {
  std::vector<double> values;
  for (const size_t moment : timeline.moments) {
    values.push_back(static_cast<double>(figure(recording.snapshots[moment])));
  }
  return values;
}

// Bytes in use of one heap just after each of its collections.
analyze::Curve heap_curve(const read::Recording& recording, uint32_t thread);
// Native blocks that were allocated until each of these moments.
std::vector<double> heap_work(const read::Recording& recording, uint32_t thread);

// Largest growth first, as long as the whole has room for them.
void hold_against(const analyze::Timeline& timeline, const std::vector<double>& whole, Whole name,
                  std::vector<Group>& groups);

// Chance found it among samples.
bool is_sampling_chance(const Group& group);

// The user's place that alone accounts for most of what was sampled below code of anybody's: the
// rest a runtime makes for it, with nobody's code on the stack. nullptr: there is none.
const Lead* known_place(const WholeInput& input, const std::vector<Lead>& leads);

// That place as a group, judged by the curve of its heap; groups of the same place are taken out.
// `all`: bytes of all leads. Its sum is to be made of its stacks (sum_of_stacks).
Group place_of_heap(const Lead& lead, const analyze::Judgement& judgement, double all,
                    std::vector<Group>& groups);
// Live bytes of its stacks, by snapshot.
void sum_of_stacks(const read::Recording& recording, Group& place);

// Whether both rise along one curve, as far as their samples tell.
bool same_curve(const analyze::Timeline& timeline, const Group& a, const Group& b);

// Adds one group to another that it is a part of; its stacks are empty afterwards.
void absorb(Group& group, Group& part);

// Samples of a place tell its curve only roughly. Where it is most of what the heap grew by, the
// heap has the same curve, and is counted. A load that falls by some slows a leak as well; one that
// falls by more is seen by what was done meanwhile (`work`; empty: not known).
void follow_the_heap(const analyze::Judgement& heap, const analyze::Curve& curve,
                     const std::vector<double>& work, std::vector<Group>& groups);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_FINDINGS_MANAGED_HEAP_H_
