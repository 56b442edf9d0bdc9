// SPDX-License-Identifier: Apache-2.0
//
// See node_numbers.h. Signal context.

#include "interposer/snapshot/node_numbers.h"

#include "interposer/base/memory.h"
#include "interposer/snapshot/runtimes.h"
#include "interposer/track/recorder.h"
#include "interposer/track/runtime_frames.h"

namespace silt::snapshot {
namespace {

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

// The native stack that a node refers to beside its caller; 0: none.
NodeId native_of(NodeId id) {
  NodeId parent;
  uint64_t pc;
  recorder.stacks.read_node(id, &parent, &pc);
  return track::is_pair(pc) ? track::native_of(pc) : 0;
}

}  // namespace

NodeNumbers::~NodeNumbers() {
  if (numbers_ != nullptr) base::unmap_memory(numbers_, limit_ * sizeof(numbers_[0]));
  if (order_ != nullptr) base::unmap_memory(order_, needed_ * sizeof(order_[0]));
  if (own_ != nullptr) base::unmap_memory(own_, limit_);
}

bool NodeNumbers::is_own(NodeId id) {
  if (own_ == nullptr) return false;
  uint32_t depth = 0;
  NodeId at = id;
  for (; at != 0 && at < limit_ && own_[at] == 0 && depth < kLongestPath; at = parent_of(at)) {
    g_path[depth++] = at;
  }
  bool own = at != 0 && at < limit_ && own_[at] == kOwn;
  while (depth > 0) {
    const NodeId next = g_path[--depth];
    NodeId parent;
    uint64_t pc;
    recorder.stacks.read_node(next, &parent, &pc);
    own = own || runtimes.is_own(pc);
    own_[next] = own ? kOwn : kTheirs;
  }
  return own;
}

void NodeNumbers::need(NodeId id) {
  for (; id != 0 && id < limit_ && numbers_[id] == 0; id = parent_of(id)) {
    numbers_[id] = kNeeded;
    ++needed_;
    const NodeId native = native_of(id);
    if (native != 0) need(native);  // which refers to no other
  }
}

bool NodeNumbers::gather(NodeId limit, const LiveCounts& live) {
  limit_ = limit;
  numbers_ = static_cast<uint32_t*>(base::map_populated_memory(limit * sizeof(numbers_[0])));
  if (numbers_ == nullptr) return false;
  if (runtimes.is_own != nullptr) {
    own_ = static_cast<uint8_t*>(base::map_memory(limit));
    if (own_ == nullptr) return false;
  }
  recorder.counters.read_all(limit, [&](NodeId id, const track::Allocated& allocated) {
    if ((allocated.blocks == 0 && !live.any_of_stack(id)) || is_own(id)) return;
    need(id);
  });
  if (needed_ == 0) return true;
  order_ = static_cast<NodeId*>(base::map_populated_memory(needed_ * sizeof(order_[0])));
  if (order_ == nullptr) return false;
  put_in_order();
  return true;
}

// By id, but for callers whose id is larger: those come first. So do native stacks that others
// refer to.
void NodeNumbers::put_in_order() {
  if (recorder.evaluator.joined.load(std::memory_order_acquire)) {
    for (NodeId id = 1; id < limit_; ++id) {
      if (numbers_[id] != kNeeded) continue;
      const NodeId native = native_of(id);
      if (native != 0) give_numbers(native);
    }
  }
  for (NodeId id = 1; id < limit_; ++id) give_numbers(id);
}

// To a node and its callers, where they need one.
void NodeNumbers::give_numbers(NodeId id) {
  uint32_t depth = 0;
  NodeId at = id;
  for (; at != 0 && at < limit_ && numbers_[at] == kNeeded && depth < kLongestPath;
       at = parent_of(at)) {
    g_path[depth++] = at;
  }
  // A stack that was made just now, on an id that has been used before, may have a caller that
  // was made after the ids were counted: it is left to the next snapshot.
  bool drop = !has_number(at);
  while (depth > 0) {
    const NodeId next = g_path[--depth];
    drop = drop || !has_number(native_of(next));
    if (drop) {
      numbers_[next] = kDropped;
    } else {
      order_[count_] = next;
      numbers_[next] = ++count_;
    }
  }
}

}  // namespace silt::snapshot
