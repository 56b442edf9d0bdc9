// SPDX-License-Identifier: Apache-2.0
//
// Finds things that are numbered from 0 on by a hash of what they are: open addressing over their
// numbers, in memory that counts against silt's limit. All-zero is empty. Its owner sees to it that
// one thread at a time adds, and gives the memory back.

#ifndef SILT_INTERPOSER_BASE_NUMBER_INDEX_H_
#define SILT_INTERPOSER_BASE_NUMBER_INDEX_H_

#include <cstdint>

#include "interposer/base/memory.h"

namespace silt::base {

struct NumberIndex {
  uint32_t* slots = nullptr;  // number + 1, 0: free
  uint64_t mask = 0;
  uint32_t used = 0;

  // Makes room for one more; `hash(number)` gives the hash of what has that number. `first`: slots
  // to begin with, a power of two. False when there is no memory; then all is as it was.
  template <typename Hash>
  bool make_room(uint64_t first, Hash&& hash) {
    if (slots != nullptr && uint64_t{used} * 2 <= mask) return true;
    const uint64_t count = slots == nullptr ? first : (mask + 1) * 2;
    auto* const fresh = static_cast<uint32_t*>(map_within_limit(count * sizeof(uint32_t)));
    if (fresh == nullptr) return false;
    for (uint64_t i = 0; slots != nullptr && i <= mask; ++i) {
      if (slots[i] == 0) continue;
      uint64_t to = hash(slots[i] - 1) & (count - 1);
      while (fresh[to] != 0) to = (to + 1) & (count - 1);
      fresh[to] = slots[i];
    }
    if (slots != nullptr) unmap_memory(slots, (mask + 1) * sizeof(uint32_t));
    slots = fresh;
    mask = count - 1;
    return true;
  }
};

}  // namespace silt::base

#endif  // SILT_INTERPOSER_BASE_NUMBER_INDEX_H_
