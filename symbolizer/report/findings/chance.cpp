// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/report/findings/chance.h"

namespace silt::report {
namespace {

constexpr double kPools = 64 * 1024;
constexpr double kFewestSamples = 9;

}  // namespace

bool is_by_chance(const Group& group) {
  const double growth = group.judgement.growth_bytes;
  if (group.heap != read::Heap::kManaged) return growth < kPools;
  if (group.sum.sampled_bytes <= 0) return false;
  return growth * group.sum.samples / group.sum.sampled_bytes < kFewestSamples;
}

}  // namespace silt::report
