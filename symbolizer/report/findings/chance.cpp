// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/report/findings/chance.h"

#include <algorithm>
#include <cmath>

namespace silt::report {
namespace {

constexpr double kPools = 64 * 1024;
constexpr double kFewestSamples = 9;
constexpr double kStandardErrors = 3;

}  // namespace

bool is_by_chance(const Group& group) {
  const double growth = group.judgement.growth_bytes;
  if (group.heap != read::Heap::kManaged) return growth < kPools;
  if (group.sum.sampled_bytes <= 0) return false;
  return growth * group.sum.samples / group.sum.sampled_bytes < kFewestSamples;
}

bool swings_by_chance(const Group& group) {
  const analyze::Series& sum = group.sum;
  if (group.heap != read::Heap::kManaged || sum.sampled_bytes <= 0 || sum.bytes.empty()) {
    return false;
  }
  const auto [least, most] = std::minmax_element(sum.bytes.begin(), sum.bytes.end());
  const double samples = sum.samples / sum.sampled_bytes;
  const double peak = std::max(kFewestSamples, *most * samples);
  return (*most - *least) * samples < kStandardErrors * std::sqrt(peak);
}

void doubt_few(double in_use, std::vector<Group>& groups) {
  double largest = 0;
  for (const Group& group : groups) {
    if (group.verdict() != analyze::Verdict::kLeak) continue;
    largest = std::max(largest, group.judgement.growth_bytes);
  }
  for (Group& group : groups) {
    const analyze::Judgement& judgement = group.judgement;
    if (group.heap == read::Heap::kManaged || group.verdict() != analyze::Verdict::kLeak) continue;
    const bool lost = std::any_of(group.remarks.begin(), group.remarks.end(),
                                  [](const Remark& r) { return r.ground == Ground::kLost; });
    const double share = in_use > 0 ? judgement.growth_bytes / in_use : 1;
    const bool fewest = judgement.growth_blocks < kFewerThanPromised &&
                        judgement.growing_windows < judgement.windows &&
                        share < kSmallShareOfFewest;
    const bool few = fewest || (judgement.growth_blocks < kFewBlocks && share < kSmallShare);
    const bool beside = judgement.growth_blocks < kFewBlocksBeside && share < kSmallShareBeside &&
                        kMuchLarger * judgement.growth_bytes <= largest;
    if (lost || !(few || beside)) continue;
    group.remarks.push_back(
        {.kind = beside ? Remark::Kind::kSmallBeside : Remark::Kind::kFewAndSmall,
         .ground = Ground::kFewAndSmall,
         .share = share});
  }
}

}  // namespace silt::report
