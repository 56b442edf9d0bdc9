// SPDX-License-Identifier: Apache-2.0
//
// See type_counts.h.

#include "interposer/owners/type_counts.h"

#include "interposer/base/memory.h"
#include "interposer/owners/object_kinds.h"
#include "interposer/owners/sorting.h"

namespace silt::owners {

void TypeCounts::add(uint32_t stack, LabelId type, bool is_data, uint64_t bytes) {
  const uint64_t key = uint64_t{stack} << 32 | uint64_t{type} << 1 | (is_data ? 1 : 0);
  uint32_t at = static_cast<uint32_t>((key * 0x9e3779b97f4a7c15) >> 40) & (kSlots - 1);
  for (; slots_[at] != 0; at = (at + 1) & (kSlots - 1)) {
    Count& count = counts_[slots_[at] - 1];
    if (count.stack != stack || count.type != type || count.is_data != is_data) continue;
    ++count.blocks;
    count.bytes += bytes;
    return;
  }
  if (count_ == kMost) return;
  counts_[count_++] = Count{stack, type, is_data, 1, bytes};
  slots_[at] = count_;
}

bool TypeCounts::gather(const BlockIndex& objects, const Marker& marker, const PathTree& paths) {
  counts_ = static_cast<Count*>(base::map_memory(kMost * sizeof(Count)));
  slots_ = static_cast<uint32_t*>(base::map_memory(kSlots * sizeof(uint32_t)));
  if (counts_ == nullptr || slots_ == nullptr) return false;
  objects.visit([&](const LiveBlock& object) {
    PathId path = marker.path_of_object(object.number);
    LabelId type = path == 0 ? 0 : paths.at(path).label.type;
    if (type == 0) type = object_kinds.type_of(object);
    const bool is_data = type == 0;
    while (type == 0 && path != 0 && paths.at(path).depth != 0) {
      path = paths.at(path).parent;
      type = paths.at(path).label.type;
    }
    add(track::index_of(object.stack), type, is_data, object.size);
  });
  sort(counts_, count_, [](const Count& a, const Count& b) {
    if (a.stack != b.stack) return a.stack < b.stack;
    if (a.bytes != b.bytes) return a.bytes > b.bytes;
    return a.type != b.type ? a.type < b.type : a.is_data < b.is_data;
  });
  return true;
}

}  // namespace silt::owners
