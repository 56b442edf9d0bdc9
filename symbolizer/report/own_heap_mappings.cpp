// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/report/own_heap_mappings.h"

#include <algorithm>

#include "symbolizer/report/findings/stack_site.h"
#include "symbolizer/report/memory_parts.h"
#include "symbolizer/report/runtime.h"

namespace silt::report {

std::vector<uint64_t> own_heap_mappings(const read::Recording& recording, const NodeFrames& names,
                                        const FoldOptions& options) {
  std::vector<uint64_t> bytes(recording.snapshots.size(), 0);
  const auto has_heap = [](const read::Snapshot& snapshot) { return js_used_bytes(snapshot) > 0; };
  if (std::none_of(recording.snapshots.begin(), recording.snapshots.end(), has_heap)) return bytes;
  for (const read::Stack& stack : recording.stacks) {
    if (stack.heap != read::Heap::kMapping || stack.samples.empty()) continue;
    if (own_work_of(site_of(recording, stack, names, options)) != OwnWork::kCollecting) continue;
    for (const read::Sample& sample : stack.samples) {
      const read::Snapshot& snapshot = recording.snapshots[sample.snapshot];
      if (!has_heap(snapshot)) continue;
      const uint64_t room = snapshot.meta.mapping.live_bytes - bytes[sample.snapshot];
      bytes[sample.snapshot] += std::min(room, sample.live_bytes);
    }
  }
  return bytes;
}

}  // namespace silt::report
