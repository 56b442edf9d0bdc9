// SPDX-License-Identifier: Apache-2.0
//
// Paths by the stack that made the blocks at their end, largest first: as they are written. In the
// copy of the process.

#ifndef SILT_INTERPOSER_OWNERS_PATHS_BY_STACK_H_
#define SILT_INTERPOSER_OWNERS_PATHS_BY_STACK_H_

#include <cstdint>

#include "interposer/base/memory.h"
#include "interposer/owners/path_tree.h"
#include "interposer/owners/sorting.h"

namespace silt::owners {

class PathsByStack {
 public:
  // More than anybody reads, and enough for the tool to add up the words of one array of variables.
  static constexpr uint32_t kMostOfStack = 256;

  // Of the paths from `from` on, that blocks end and that are wanted; stacks are below `limit`.
  // False when there was no memory.
  template <typename Wanted>
  bool build(const PathTree& paths, PathId from, uint32_t limit, Wanted&& wanted) {
    limit_ = limit;
    order_ = static_cast<PathId*>(base::map_memory((paths.size() - from + 1) * sizeof(PathId)));
    first_ = static_cast<uint32_t*>(base::map_memory((limit + 1) * sizeof(uint32_t)));
    count_ = static_cast<uint32_t*>(base::map_memory((limit + 1) * sizeof(uint32_t)));
    if (order_ == nullptr || first_ == nullptr || count_ == nullptr) return false;
    for (PathId path = from; path < paths.size(); ++path) {
      if (paths.at(path).depth != 0 && paths.at(path).blocks != 0 && wanted(path)) {
        order_[size_++] = path;
      }
    }
    sort(order_, size_, [&paths](PathId a, PathId b) {
      const PathTree::Path& left = paths.at(a);
      const PathTree::Path& right = paths.at(b);
      if (left.what != right.what) return left.what < right.what;
      if (left.bytes != right.bytes) return left.bytes > right.bytes;
      return left.blocks != right.blocks ? left.blocks > right.blocks : a < b;
    });
    for (uint32_t i = 0; i < size_; ++i) {
      const uint32_t stack = paths.at(order_[i]).what;
      if (stack == 0 || stack >= limit_) continue;
      if (count_[stack] == 0) first_[stack] = i;
      if (count_[stack] < kMostOfStack) ++count_[stack];
    }
    return true;
  }

  // Of all stacks, those that are not written too.
  template <typename Visit>
  void visit_all(Visit&& visit) const {
    for (uint32_t i = 0; i < size_; ++i) visit(order_[i]);
  }
  // Of one stack, at most kMostOfStack.
  uint32_t count(uint32_t stack) const { return stack < limit_ ? count_[stack] : 0; }
  PathId at(uint32_t stack, uint32_t i) const { return order_[first_[stack] + i]; }

 private:
  uint32_t limit_ = 0;
  uint32_t size_ = 0;
  PathId* order_ = nullptr;
  uint32_t* first_ = nullptr;  // by stack: where its paths begin
  uint32_t* count_ = nullptr;
};

}  // namespace silt::owners

#endif  // SILT_INTERPOSER_OWNERS_PATHS_BY_STACK_H_
