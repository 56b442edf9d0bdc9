// SPDX-License-Identifier: Apache-2.0
//
// What the sums of a whole share: their curves, the places that grew meanwhile, and the finding
// that comes of both. Used by whole*.cpp and by the sums of runtimes only.

#ifndef SILT_SYMBOLIZER_REPORT_FINDINGS_WHOLE_SUMS_H_
#define SILT_SYMBOLIZER_REPORT_FINDINGS_WHOLE_SUMS_H_

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "symbolizer/analyze/whole.h"
#include "symbolizer/report/findings/whole.h"

namespace silt::report {

// Findings explain a sum when they account for this share of its growth.
inline constexpr double kExplains = 0.5;

// The values that a sum has at the moments of a timeline, where it is known.
template <typename Value>
analyze::Curve curve_of(const analyze::Timeline& timeline, const Value& value) {
  analyze::Curve curve;
  for (size_t i = 0; i < timeline.moments.size(); ++i) {
    const std::optional<double> at = value(timeline.moments[i]);
    if (!at) continue;
    curve.seconds.push_back(timeline.seconds[i]);
    curve.activity.push_back(timeline.activity[i]);
    curve.values.push_back(*at);
  }
  return curve;
}

// From the window `from` to the end.
double rise_of(const analyze::Curve& curve, size_t from);

// Places by how much they grew (or hold, where nothing grew), largest first.
struct Lead {
  symbolize::Frame site;
  double bytes = 0;
  std::vector<size_t> stacks;
};
std::vector<Lead> find_leads(const WholeInput& input, read::Heap heap,
                             const std::function<double(const StackSummary&)>& weight,
                             const std::unordered_set<size_t>& without = {});
double bytes_of(const std::vector<Lead>& leads);
// The first few, with their shares.
std::vector<NamedShare> shares_of(const std::vector<Lead>& leads);

// What the curve shows and what is known besides, in the order in which it is to be told.
Finding finding_of(const WholeInput& input, const char* whole, read::Heap heap, Subject subject,
                   const analyze::Curve& curve, const analyze::Judgement& judgement,
                   const std::vector<Lead>& leads, std::vector<Remark> remarks);

void tell_smallest(Wholes& wholes, const analyze::Curve& curve, const analyze::WholeFloor& floor);

// Growth of all stacks of this heap whose places are called leaks.
double explained_by(const WholeInput& input, const std::vector<Group>& groups, read::Heap heap);

// The sums, each in a file of its own.
void judge_mappings(const WholeInput& input, std::vector<Group>& groups, Wholes& wholes);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_FINDINGS_WHOLE_SUMS_H_
