// SPDX-License-Identifier: Apache-2.0
//
// Who allocated at which node, and whether that can be true.

#include <algorithm>
#include <utility>

#include "symbolizer/base/cursor.h"
#include "symbolizer/read/section_items.h"
#include "symbolizer/read/snapshot_file.h"

namespace silt::read {

using format::SectionType;

Result<ThreadRows> SnapshotFile::threads() {
  ThreadRows rows;
  if (find(SectionType::kThreads) == nullptr || find(SectionType::kThreadStacks) == nullptr) {
    return rows;
  }
  auto section = bytes(SectionType::kThreads, sizeof(format::ThreadEntry));
  if (!section) return section.error();
  if (section->size() / sizeof(format::ThreadEntry) > kMostThreads) {
    return corrupt("it has more threads than are told apart");
  }
  for (const auto& entry : items_of<format::ThreadEntry>(*section)) {
    auto name = text(entry.name);
    if (!name) return name.error();
    rows.threads.push_back({entry.id, entry.flags, false, std::move(*name)});
  }
  section = bytes(SectionType::kThreadStacks, 0);
  if (!section) return section.error();
  const uint32_t count = find(SectionType::kThreadStacks)->count;
  if (section->size() / 4 < count) return corrupt("it has fewer stacks of threads than it says");
  Cursor cursor(*section);
  rows.items.reserve(count);
  uint64_t next = 1;
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t gap = cursor.varint();
    const uint64_t more = cursor.varint();
    const uint64_t shares = cursor.varint();
    const uint64_t nodes = node_count();
    if (!cursor.ok() || gap > nodes || next + gap > nodes || more > nodes - next - gap ||
        shares == 0 || shares > format::kMostThreadsOfStack || (shares > 1 && more != 0)) {
      return corrupt("its stacks of threads are not in order");
    }
    const auto first = static_cast<uint32_t>(next + gap);
    next = first + more + 1;
    rows.items.push_back(
        {first, static_cast<uint32_t>(next), static_cast<uint32_t>(rows.shares.size())});
    uint64_t sum = 0;
    for (uint64_t k = 0; k < shares; ++k) {
      const uint64_t thread = cursor.varint();
      const uint64_t percent = shares == 1 ? 100 : cursor.varint();
      if (!cursor.ok() || thread >= rows.threads.size() ||
          !add_within(sum, percent, 100 + format::kMostThreadsOfStack)) {
        return corrupt("the shares of its threads are impossible");
      }
      rows.shares.push_back({static_cast<uint32_t>(thread), static_cast<uint32_t>(percent)});
    }
  }
  if (!cursor.at_end()) return corrupt("it has more stacks of threads than it says");
  return rows;
}

}  // namespace silt::read
