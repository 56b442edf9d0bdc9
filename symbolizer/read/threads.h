// SPDX-License-Identifier: Apache-2.0
//
// Which threads allocate, as one snapshot has it (format::ThreadEntry).

#ifndef SILT_SYMBOLIZER_READ_THREADS_H_
#define SILT_SYMBOLIZER_READ_THREADS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace silt::read {

// Whose allocations are counted together: one thread's, or those of several.
struct Thread {
  uint32_t id = 0;     // as the kernel numbers it, of a managed heap as its runtime does
  uint32_t flags = 0;  // format::ThreadFlag bits
  bool managed = false;
  std::string name;  // empty: unknown
  bool operator==(const Thread&) const = default;
};

// What a thread allocated at a stack; of a managed heap, what of it lives in that thread's heap.
struct ThreadShare {
  uint32_t thread = 0;  // index into Recording::threads
  double bytes = 0;
};

struct ThreadPercent {
  uint32_t thread = 0;  // index into ThreadRows::threads
  uint32_t percent = 0;
};
// Of the nodes [first, end) of one snapshot: [shares_begin, next item's shares_begin).
struct ThreadItem {
  uint32_t first = 0;
  uint32_t end = 0;
  uint32_t shares_begin = 0;
};
struct ThreadRows {
  std::vector<Thread> threads;
  std::vector<ThreadItem> items;  // ascending, apart
  std::vector<ThreadPercent> shares;

  size_t shares_end(size_t item) const {
    return item + 1 < items.size() ? items[item + 1].shares_begin : shares.size();
  }
};

}  // namespace silt::read

#endif  // SILT_SYMBOLIZER_READ_THREADS_H_
