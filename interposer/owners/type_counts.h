// SPDX-License-Identifier: Apache-2.0
//
// How many objects of which type each stack has made: what its blocks are to people who know the
// runtime's language. What an object needs besides (the table of a dictionary) counts for its type,
// apart. In the copy of the process.

#ifndef SILT_INTERPOSER_OWNERS_TYPE_COUNTS_H_
#define SILT_INTERPOSER_OWNERS_TYPE_COUNTS_H_

#include "interposer/owners/block_index.h"
#include "interposer/owners/labels.h"
#include "interposer/owners/marker.h"
#include "interposer/owners/path_tree.h"

namespace silt::owners {

class TypeCounts {
 public:
  struct Count {
    uint32_t stack;
    LabelId type;  // 0: unknown
    bool is_data;
    uint64_t blocks;
    uint64_t bytes;
  };

  // False when there was no memory.
  bool gather(const BlockIndex& objects, const Marker& marker, const PathTree& paths);

  // By ascending stack, largest first.
  size_t size() const { return count_; }
  const Count& at(size_t index) const { return counts_[index]; }

 private:
  // Touched as they are used; most stacks make objects of one type and its data.
  static constexpr uint32_t kMost = uint32_t{1} << 18;
  static constexpr uint32_t kSlots = kMost * 2;

  void add(uint32_t stack, LabelId type, bool is_data, uint64_t bytes);

  Count* counts_ = nullptr;
  uint32_t count_ = 0;
  uint32_t* slots_ = nullptr;  // index + 1
};

}  // namespace silt::owners

#endif  // SILT_INTERPOSER_OWNERS_TYPE_COUNTS_H_
