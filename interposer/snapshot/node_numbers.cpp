// SPDX-License-Identifier: Apache-2.0
//
// See node_numbers.h. Signal context.

#include "interposer/snapshot/node_numbers.h"

#include "interposer/base/memory.h"
#include "interposer/snapshot/runtimes.h"
#include "interposer/snapshot/series_base.h"
#include "interposer/track/recorder.h"
#include "interposer/track/runtime_frames.h"

namespace silt::snapshot {
namespace {

using track::index_of;
using track::kRoot;
using track::NodeId;
using track::recorder;

// From a node outwards; a walk has at most unwind::kMaximumFrames, and two markers. One snapshot at
// a time, and too large for its stack.
constexpr uint32_t kLongestPath = 4096;
constinit NodeId g_path[kLongestPath]{};

NodeId parent_of(NodeId id) {
  NodeId parent;
  uint64_t pc;
  recorder.stacks.read_node(id, &parent, &pc);
  return parent;
}

// The innermost node of the native stack that a node refers to beside its caller; kRoot: none.
NodeId native_of(NodeId id) {
  NodeId parent;
  uint64_t pc;
  recorder.stacks.read_node(id, &parent, &pc);
  return track::is_pair(pc) ? track::innermost_of(track::native_of(pc)) : kRoot;
}

// From a node outwards as long as `leads_on` says so of a node: in g_path, innermost first.
struct Way {
  uint32_t length;
  NodeId end;  // the first of which it does not
};
template <typename LeadsOn>
Way way_out(NodeId from, LeadsOn&& leads_on) {
  Way way{0, from};
  while (way.end != kRoot && way.length < kLongestPath && leads_on(way.end)) {
    g_path[way.length++] = way.end;
    way.end = parent_of(way.end);
  }
  return way;
}

}  // namespace

NodeNumbers::~NodeNumbers() {
  if (numbers_ != nullptr) base::unmap_memory(numbers_, limit_ * sizeof(numbers_[0]));
  if (order_ != nullptr) base::unmap_memory(order_, (of_base_ + needed_) * sizeof(order_[0]));
  if (own_ != nullptr) base::unmap_memory(own_, limit_);
}

uint8_t NodeNumbers::whose(NodeId id) {
  if (own_ == nullptr) return kTheirs;
  const Way way =
      way_out(id, [this](NodeId at) { return index_of(at) < limit_ && own_[index_of(at)] == 0; });
  const bool known = way.end != kRoot && index_of(way.end) < limit_;
  uint8_t whose = known ? own_[index_of(way.end)] : kTheirs;
  for (uint32_t depth = way.length; depth > 0;) {
    const NodeId next = g_path[--depth];
    NodeId parent;
    uint64_t pc;
    recorder.stacks.read_node(next, &parent, &pc);
    if (whose != kOwn && runtimes.is_own(pc)) whose = kOwn;
    const bool may_sample = whose == kTheirs && runtimes.is_sampler != nullptr;
    if (may_sample && runtimes.is_sampler(pc)) whose = kSampler;
    own_[index_of(next)] = whose;
  }
  return whose;
}

void NodeNumbers::need(NodeId id) {
  for (; id != kRoot && index_of(id) < limit_ && numbers_[index_of(id)] == 0; id = parent_of(id)) {
    numbers_[index_of(id)] = kNeeded;
    ++needed_;
    const NodeId native = native_of(id);
    if (native != kRoot) need(native);  // which refers to no other
  }
}

bool NodeNumbers::gather(uint32_t limit, const LiveCounts& live, const SeriesBase* base) {
  limit_ = limit;
  numbers_ = static_cast<uint32_t*>(base::map_populated_memory(limit * sizeof(numbers_[0])));
  if (numbers_ == nullptr) return false;
  if (runtimes.is_own != nullptr) {
    own_ = static_cast<uint8_t*>(base::map_memory(limit));
    if (own_ == nullptr) return false;
  }
  if (base != nullptr) {
    of_base_ = count_ = base->entry().nodes;
    for (uint32_t number = 1; number <= of_base_; ++number) {
      const NodeId id = base->node(number);
      if (id != kRoot && index_of(id) < limit) numbers_[index_of(id)] = number;
    }
  }
  recorder.counters.read_all(limit, [&](track::StackId stack, const track::Allocated& allocated) {
    const NodeId id = track::innermost_of(stack);
    const bool lives = live.any_of_stack(stack);
    if ((allocated.blocks == 0 && !lives) || is_own(id)) return;
    if (is_sampler(id) && !lives) return;
    allocated_blocks_ += allocated.blocks;
    need(id);
  });
  if (of_base_ + needed_ == 0) return true;
  order_ =
      static_cast<NodeId*>(base::map_populated_memory((of_base_ + needed_) * sizeof(order_[0])));
  if (order_ == nullptr) return false;
  if (base != nullptr) take_over(*base);
  put_in_order();
  return true;
}

void NodeNumbers::take_over(const SeriesBase& base) {
  for (uint32_t number = 1; number <= of_base_; ++number) {
    // As it was when its number was taken over: an id that was used again meanwhile has none.
    const NodeId id = base.node(number);
    const bool there = id != kRoot && index_of(id) < limit_ && numbers_[index_of(id)] == number;
    order_[number - 1] = there ? id : kRoot;
    if (!there) ++gone_;
  }
}

// By id, but for callers whose id is larger: those come first. So do native stacks that others
// refer to.
void NodeNumbers::put_in_order() {
  if (recorder.evaluator.joined.load(std::memory_order_acquire)) {
    for (uint32_t id = 1; id < limit_; ++id) {
      if (numbers_[id] != kNeeded) continue;
      const NodeId native = native_of(NodeId{id});
      if (native != kRoot) give_numbers(native);
    }
  }
  for (uint32_t id = 1; id < limit_; ++id) give_numbers(NodeId{id});
}

// To a node and its callers, where they need one.
void NodeNumbers::give_numbers(NodeId id) {
  const Way way = way_out(
      id, [this](NodeId at) { return index_of(at) < limit_ && numbers_[index_of(at)] == kNeeded; });
  // A stack that was made just now, on an id that has been used before, may have a caller that
  // was made after the ids were counted: it is left to the next snapshot.
  bool drop = !has_number(way.end);
  for (uint32_t depth = way.length; depth > 0;) {
    const NodeId next = g_path[--depth];
    drop = drop || !has_number(native_of(next));
    if (drop) {
      numbers_[index_of(next)] = kDropped;
    } else {
      order_[count_] = next;
      numbers_[index_of(next)] = ++count_;
    }
  }
}

}  // namespace silt::snapshot
