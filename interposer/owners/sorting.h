// SPDX-License-Identifier: Apache-2.0
//
// Sorting in place, without memory and without recursion. Any context.

#ifndef SILT_INTERPOSER_OWNERS_SORTING_H_
#define SILT_INTERPOSER_OWNERS_SORTING_H_

#include <cstddef>

namespace silt::owners {

// A heap sort: n log n whatever the order was.
template <typename T, typename Less>
void sort(T* items, size_t count, Less&& less) {
  const auto sink = [&](size_t at, size_t end) {
    const T item = items[at];
    for (size_t child = 2 * at + 1; child < end; child = 2 * at + 1) {
      if (child + 1 < end && less(items[child], items[child + 1])) ++child;
      if (!less(item, items[child])) break;
      items[at] = items[child];
      at = child;
    }
    items[at] = item;
  };
  for (size_t at = count / 2; at-- > 0;) sink(at, count);
  for (size_t end = count; end-- > 1;) {
    const T last = items[end];
    items[end] = items[0];
    items[0] = last;
    sink(0, end);
  }
}

}  // namespace silt::owners

#endif  // SILT_INTERPOSER_OWNERS_SORTING_H_
