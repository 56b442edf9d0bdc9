// SPDX-License-Identifier: Apache-2.0
//
// See mapping_table.h. Hook context. Longer than 300 lines: insertion and removal of one tree,
// whose invariants are only seen to hold where both are read together.

#include "interposer/track/mapping_table.h"

namespace silt::track {
namespace {

// memmove of the C library may be another preloaded library's.
template <typename T>
void move_items(T* to, const T* from, uint32_t count) {
  __builtin_memmove(to, from, count * sizeof(T));
}

// While it lives the table is not what its invariants say.
class Changing {
 public:
  explicit Changing(bool& changing) : changing_(changing) {
    changing_ = true;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
  }
  ~Changing() {
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    changing_ = false;
  }
  Changing(const Changing&) = delete;
  Changing& operator=(const Changing&) = delete;

 private:
  bool& changing_;
};

}  // namespace

MappingTable::NodeIndex MappingTable::take_node() {
  NodeIndex index = free_;
  if (index != 0) {
    free_ = node(index).free;
  } else {
    if (nodes_.ensure(fresh_) == nullptr) return 0;
    index = fresh_++;
  }
  node(index).count = 0;
  node(index).previous = node(index).next = 0;
  return index;
}

void MappingTable::give_back(NodeIndex index) {
  node(index).free = free_;
  free_ = index;
}

void MappingTable::begin_anew_if_torn() {
  if (!changing_) [[likely]]
    return;
  changing_ = false;
  overflowed_.fetch_add(count_, std::memory_order_relaxed);
  depth_ = root_ = free_ = count_ = 0;
  fresh_ = 1;
}

void MappingTable::begin_anew() {
  const base::SpinGuard guard(lock_);
  changing_ = false;
  depth_ = root_ = free_ = count_ = 0;
  fresh_ = 1;
}

void MappingTable::count_range(const MappingRange& range, bool more) {
  const uint64_t blocks = range.counted ? 1 : 0;
  const uint64_t bytes = range.end - range.start;
  counts_.add(range.stack, range.generation, more ? blocks : -blocks, more ? bytes : -bytes);
}

uint32_t MappingTable::child_for(const Node& inner, uint64_t address) {
  uint32_t low = 1;
  uint32_t high = inner.count;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (inner.begins[middle] <= address)
      low = middle + 1;
    else
      high = middle;
  }
  return low - 1;
}

// To the leaf in which a range that starts at `address` is, or would be.
void MappingTable::descend(uint64_t address, Path& path) {
  NodeIndex index = root_;
  for (uint32_t level = 0; level < depth_; ++level) {
    const Node& inner = node(index);
    const uint32_t child = child_for(inner, address);
    path.steps[level] = Step{index, child};
    index = inner.children[child];
  }
  path.leaf = index;
}

MappingTable::Place MappingTable::first_after(uint64_t address) {
  if (root_ == 0) return Place{nullptr, 0};
  Path path;
  descend(address, path);
  Node& leaf = node(path.leaf);
  // A range reaches past the beginning of the next leaf where that one has lost its first ranges.
  if (leaf.previous != 0) {
    Node& before = node(leaf.previous);
    if (before.ranges[before.count - 1].end > address) return Place{&before, before.count - 1};
  }
  uint32_t low = 0;
  uint32_t high = leaf.count;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (leaf.ranges[middle].end <= address)
      low = middle + 1;
    else
      high = middle;
  }
  if (low < leaf.count) return Place{&leaf, low};
  return leaf.next == 0 ? Place{nullptr, 0} : Place{&node(leaf.next), 0};
}

MappingTable::Place MappingTable::next(Place at) {
  if (at.index + 1 < at.leaf->count) return Place{at.leaf, at.index + 1};
  return at.leaf->next == 0 ? Place{nullptr, 0} : Place{&node(at.leaf->next), 0};
}

bool MappingTable::split_child(Node& parent, uint32_t child, bool leaf, uint64_t address) {
  const NodeIndex fresh = take_node();
  if (fresh == 0) return false;
  const NodeIndex old = parent.children[child];
  Node& left = node(old);
  Node& right = node(fresh);
  uint64_t begin;
  if (leaf) {
    // Programs map upwards or downwards in one go: then what is there stays together.
    uint32_t cut = kRanges / 2;
    if (left.ranges[kRanges - 1].start < address) cut = kRanges;
    if (left.ranges[0].start > address) cut = 0;
    begin = cut == kRanges ? address : left.ranges[cut].start;
    right.count = kRanges - cut;
    left.count = cut;
    move_items(right.ranges, left.ranges + cut, right.count);
    right.previous = old;
    right.next = left.next;
    if (left.next != 0) node(left.next).previous = fresh;
    left.next = fresh;
  } else {
    begin = left.begins[kChildren / 2];
    right.count = left.count = kChildren / 2;
    move_items(right.begins, left.begins + kChildren / 2, kChildren / 2);
    move_items(right.children, left.children + kChildren / 2, kChildren / 2);
  }
  const uint32_t at = child + 1;
  move_items(parent.begins + at + 1, parent.begins + at, parent.count - at);
  move_items(parent.children + at + 1, parent.children + at, parent.count - at);
  parent.begins[at] = begin;
  parent.children[at] = fresh;
  ++parent.count;
  return true;
}

// Splits what is full on the way to the leaf for `address`, from the root down, so that there is
// always room above for what is split below. False when there is no memory.
bool MappingTable::make_room(uint64_t address) {
  if (node(root_).count == (depth_ == 0 ? kRanges : kChildren)) {
    const NodeIndex above = depth_ < kDeepest ? take_node() : 0;
    if (above == 0) return false;
    node(above).count = 1;
    node(above).begins[0] = 0;
    node(above).children[0] = root_;
    root_ = above;
    ++depth_;
  }
  NodeIndex index = root_;
  for (uint32_t level = 0; level < depth_; ++level) {
    const bool leaf = level + 1 == depth_;
    Node& inner = node(index);
    uint32_t child = child_for(inner, address);
    if (node(inner.children[child]).count == (leaf ? kRanges : kChildren)) {
      if (!split_child(inner, child, leaf, address)) return false;
      child = child_for(inner, address);
    }
    index = inner.children[child];
  }
  return true;
}

// Nothing of [range.start, range.end) is recorded.
void MappingTable::insert_locked(const MappingRange& range) {
  if (root_ == 0) root_ = take_node();
  Path path;
  if (root_ != 0) descend(range.start, path);
  if (root_ != 0 && node(path.leaf).count == kRanges && make_room(range.start)) {
    descend(range.start, path);
  }
  if (root_ == 0 || node(path.leaf).count == kRanges) {
    overflowed_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  Node& leaf = node(path.leaf);
  uint32_t low = 0;
  uint32_t high = leaf.count;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (leaf.ranges[middle].start < range.start)
      low = middle + 1;
    else
      high = middle;
  }
  move_items(leaf.ranges + low + 1, leaf.ranges + low, leaf.count - low);
  leaf.ranges[low] = range;
  count_range(range, true);
  ++leaf.count;
  ++count_;
}

void MappingTable::unlink_leaf(const Node& leaf) {
  if (leaf.previous != 0) node(leaf.previous).next = leaf.next;
  if (leaf.next != 0) node(leaf.next).previous = leaf.previous;
}

// Joins the child at `level` of the path with a sibling when both are not half a node; the path
// then leads to the one that is to be dropped.
bool MappingTable::merge(Path& path, uint32_t level, bool leaves) {
  Node& parent = node(path.steps[level].node);
  if (parent.count < 2) return false;
  const uint32_t child = path.steps[level].child;
  const uint32_t at = child + 1 < parent.count ? child : child - 1;
  Node& left = node(parent.children[at]);
  const NodeIndex gone = parent.children[at + 1];
  Node& right = node(gone);
  if (left.count + right.count > (leaves ? kRanges : kChildren) / 2) return false;
  if (leaves) {
    move_items(left.ranges + left.count, right.ranges, right.count);
    unlink_leaf(right);
  } else {
    right.begins[0] = parent.begins[at + 1];
    move_items(left.begins + left.count, right.begins, right.count);
    move_items(left.children + left.count, right.children, right.count);
  }
  left.count += right.count;
  give_back(gone);
  path.steps[level].child = at + 1;
  return true;
}

// Removes the child to which the path leads at `level`; it was given back already.
void MappingTable::drop_child(Path& path, uint32_t level) {
  for (;; --level) {
    Node& inner = node(path.steps[level].node);
    const uint32_t at = path.steps[level].child;
    --inner.count;
    move_items(inner.begins + at, inner.begins + at + 1, inner.count - at);
    move_items(inner.children + at, inner.children + at + 1, inner.count - at);
    if (level == 0) break;
    if (inner.count == 0) {
      give_back(path.steps[level].node);
    } else if (inner.count >= kChildren / 4 || !merge(path, level - 1, false)) {
      break;
    }
  }
  while (depth_ != 0 && node(root_).count < 2) {
    const NodeIndex old = root_;
    const bool any = node(old).count != 0;
    root_ = any ? node(old).children[0] : 0;
    depth_ = any ? depth_ - 1 : 0;
    give_back(old);
  }
}

// Removes `count` ranges of one leaf, the first of which starts at `start`.
void MappingTable::erase(uint64_t start, uint32_t count) {
  Path path;
  descend(start, path);
  Node& leaf = node(path.leaf);
  uint32_t at = 0;
  while (leaf.ranges[at].start != start) ++at;
  for (uint32_t i = at; i < at + count; ++i) count_range(leaf.ranges[i], false);
  move_items(leaf.ranges + at, leaf.ranges + at + count, leaf.count - at - count);
  leaf.count -= count;
  count_ -= count;
  if (leaf.count == 0) {
    unlink_leaf(leaf);
    give_back(path.leaf);
    if (depth_ == 0)
      root_ = 0;
    else
      drop_child(path, depth_ - 1);
  } else if (depth_ != 0 && leaf.count < kRanges / 4 && merge(path, depth_ - 1, true)) {
    drop_child(path, depth_ - 1);
  }
}

bool MappingTable::remove_locked(uint64_t start, uint64_t end) {
  bool any = false;
  for (;;) {
    const Place at = first_after(start);
    if (at.leaf == nullptr || at.leaf->ranges[at.index].start >= end) return any;
    any = true;
    MappingRange& range = at.leaf->ranges[at.index];
    MappingRange tail = range;
    tail.start = end;
    if (range.start < start) {
      count_range(range, false);
      range.end = start;
      count_range(range, true);
      if (tail.end <= end) continue;
      tail.counted = false;
      insert_locked(tail);
      return true;
    }
    if (tail.end > end) {
      // Not changed in place: it may begin in the next leaf now.
      erase(range.start, 1);
      insert_locked(tail);
      return true;
    }
    uint32_t last = at.index + 1;
    while (last < at.leaf->count && at.leaf->ranges[last].end <= end) ++last;
    erase(range.start, last - at.index);
  }
}

void MappingTable::insert(const MappingRange& range) {
  const base::SpinGuard guard(lock_);
  begin_anew_if_torn();
  const Changing changing(changing_);
  remove_locked(range.start, range.end);
  insert_locked(range);
}

bool MappingTable::remove(uint64_t start, uint64_t end) {
  const base::SpinGuard guard(lock_);
  begin_anew_if_torn();
  const Changing changing(changing_);
  return remove_locked(start, end);
}

bool MappingTable::find(uint64_t address, MappingRange* range) {
  const base::SpinGuard guard(lock_);
  begin_anew_if_torn();
  const Place at = first_after(address);
  if (at.leaf == nullptr || at.leaf->ranges[at.index].start > address) return false;
  *range = at.leaf->ranges[at.index];
  return true;
}

}  // namespace silt::track
