// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/report/findings/pieces.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "symbolizer/report/findings/inner_allocator.h"
#include "symbolizer/report/findings/stack_site.h"

namespace silt::report {
namespace {

// Of a finding's bytes; less is not worth a word.
constexpr double kTellsShare = 0.1;
constexpr double kAsGoodAsAll = 0.95;

// The allocator that cuts up what this stack asks malloc for; only those that a setting opens are
// known to be such.
std::optional<InnerAllocator> cut_up_by(const read::Recording& recording, const NodeFrames& names,
                                        size_t stack) {
  if (recording.stacks[stack].heap != read::Heap::kNative) return std::nullopt;
  auto inner = inner_allocator(frames_of(recording, recording.stacks[stack], names));
  const bool cuts = inner && !inner->setting.empty() && inner->runtime.empty();
  return cuts ? inner : std::nullopt;
}

}  // namespace

bool are_pieces(const read::Recording& recording, const NodeFrames& names,
                const Candidate& candidate) {
  return std::all_of(candidate.members.begin(), candidate.members.end(), [&](const Member& member) {
    return cut_up_by(recording, names, member.stack).has_value();
  });
}

void tell_pieces(const read::Recording& recording, const NodeFrames& names,
                 std::vector<Group>& groups) {
  for (Group& group : groups) {
    if (group.heap != read::Heap::kNative || !rises(group)) continue;
    double all = 0;
    double pieces = 0;
    std::optional<InnerAllocator> allocator;
    for (const size_t stack : group.stacks) {
      const auto& samples = recording.stacks[stack].samples;
      const auto bytes = samples.empty() ? 0.0 : static_cast<double>(samples.back().live_bytes);
      all += bytes;
      auto inner = cut_up_by(recording, names, stack);
      if (!inner) continue;
      pieces += bytes;
      allocator = std::move(inner);
    }
    if (!allocator || pieces < kTellsShare * all) continue;
    const double share = pieces / all;
    group.remarks.push_back({.kind = Remark::Kind::kHandedOutBy,
                             .share = share < kAsGoodAsAll ? share : 0,
                             .name = allocator->name,
                             .setting = allocator->setting});
  }
}

}  // namespace silt::report
