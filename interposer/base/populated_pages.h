// SPDX-License-Identifier: Apache-2.0
//
// Which pages of private memory have ever been written, asked of the kernel: a reader of large
// sparse tables would otherwise have every page of zeros mapped, a fault each, only to find nothing
// there. Swapped pages count as well. Any context.

#ifndef SILT_INTERPOSER_BASE_POPULATED_PAGES_H_
#define SILT_INTERPOSER_BASE_POPULATED_PAGES_H_

#include <cstddef>
#include <cstdint>

#include "interposer/base/memory.h"

namespace silt::base {

class PopulatedPages {
 public:
  static constexpr size_t kMostPages = 128;

  PopulatedPages();
  ~PopulatedPages();
  PopulatedPages(const PopulatedPages&) = delete;
  PopulatedPages& operator=(const PopulatedPages&) = delete;

  // Calls visit(begin, end), offsets in bytes, for each run of written pages within [start, start +
  // size), which begins at a page and is no larger than kMostPages. The whole at once where the
  // kernel does not tell.
  template <typename Visit>
  void visit_runs(const void* start, size_t size_bytes, Visit&& visit) {
    const size_t pages = (size_bytes + page_size() - 1) / page_size();
    if (!ask(start, pages)) return visit(size_t{0}, size_bytes);
    for (size_t page = 0; page < pages; ++page) {
      if ((entries_[page] & kThere) == 0) continue;
      const size_t first = page;
      while (page < pages && (entries_[page] & kThere) != 0) ++page;
      const size_t end = page * page_size();
      visit(first * page_size(), end < size_bytes ? end : size_bytes);
    }
  }

 private:
  static constexpr uint64_t kThere = uint64_t{3} << 62;  // present, swapped

  bool ask(const void* start, size_t pages);

  int file_;
  uint64_t entries_[kMostPages];
};

}  // namespace silt::base

#endif  // SILT_INTERPOSER_BASE_POPULATED_PAGES_H_
