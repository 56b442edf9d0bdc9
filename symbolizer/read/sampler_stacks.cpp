// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/read/sampler_stacks.h"

#include <algorithm>
#include <iterator>

#include "symbolizer/read/stack_nodes.h"

namespace silt::read {
namespace {

// The profiler allocates itself, or by a few calls at most.
constexpr int kMostCalls = 8;

bool goes_through(const Recording& recording, const Stack& stack, uint64_t start, uint64_t end) {
  if (stack.heap != Heap::kNative) return false;
  int calls = 0;
  for (const NodeId node : StackNodes(recording, stack)) {
    const uint64_t pc = recording.nodes[node].pc;
    if (pc > start && pc <= end) return true;
    if (++calls == kMostCalls) break;
  }
  return false;
}

void take(uint64_t& from, uint64_t what) { from -= std::min(from, what); }

}  // namespace

void take_sampler_stacks(Recording& recording, uint64_t start, uint64_t end, bool in_totals) {
  const auto first = std::stable_partition(
      recording.stacks.begin(), recording.stacks.end(),
      [&](const Stack& stack) { return !goes_through(recording, stack, start, end); });
  for (auto stack = first; in_totals && stack != recording.stacks.end(); ++stack) {
    for (const Sample& sample : stack->samples) {
      format::HeapTotals& native = recording.snapshots[sample.snapshot].meta.native;
      take(native.live_blocks, sample.live_blocks);
      take(native.live_bytes, sample.live_bytes);
      take(native.allocated_blocks, sample.allocated_blocks);
      take(native.allocated_bytes, sample.allocated_bytes);
    }
  }
  std::move(first, recording.stacks.end(), std::back_inserter(recording.sampler_stacks));
  recording.stacks.erase(first, recording.stacks.end());
}

}  // namespace silt::read
