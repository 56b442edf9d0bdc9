// SPDX-License-Identifier: Apache-2.0
//
// See stack_table.h. Hook context.

#include "interposer/track/stack_table.h"

#include <sys/syscall.h>

#include "interposer/base/blocked_signals.h"
#include "interposer/base/system_call.h"
#include "interposer/track/runtime_frames.h"

namespace silt::track {
namespace {

constexpr unsigned kMostWaits = 100'000;  // tens of milliseconds at least
constexpr uint64_t kFirstSlots = 2048;    // 16 KiB

// The address of a node's code.
constexpr uint64_t code_of(uint64_t pc) {
  return (pc & kTagMask) == kEvaluatorTag ? pc & ~kTagMask : pc;
}

}  // namespace

bool StackTable::initialize(uint64_t overflow_marker) {
  Table* const table = make_table(kFirstSlots);
  if (table == nullptr || nodes_.ensure(0) == nullptr) return false;
  next_node_.store(1, std::memory_order_relaxed);
  table_.store(table, std::memory_order_release);
  return child(0, overflow_marker) == kOverflowStack;
}

StackTable::Table* StackTable::make_table(uint64_t slots) {
  auto* const table = static_cast<Table*>(
      base::map_within_limit(sizeof(Table) + slots * sizeof(std::atomic<uint64_t>)));
  if (table != nullptr) table->mask = slots - 1;
  return table;
}

NodeId StackTable::child_slow(NodeId parent, uint64_t pc, bool has_children) {
  NodeId found;
  if (has_children) {
    const Node* const neighbour = nodes_.find(parent + 1);
    found =
        neighbour != nullptr && is(*neighbour, parent, pc) ? parent + 1 : find_or_add(parent, pc);
  } else {
    // No child was ever found. (Where another thread is just making one, two may come of it.)
    found = make_neighbour(parent, pc);
    if (found == 0) found = find_or_add(parent, pc);
  }
  if (found != 0) nodes_[parent].hint.store(found, std::memory_order_relaxed);
  return found;
}

NodeId StackTable::find_or_add(NodeId parent, uint64_t pc) {
  Table* const table = table_.load(std::memory_order_acquire);
  const uint64_t hash = hash_of(parent, pc);
  for (uint64_t i = hash & table->mask;; i = (i + 1) & table->mask) {
    const uint64_t slot = table->slots[i].load(std::memory_order_acquire);
    if (slot == 0) return add(table, parent, pc, hash);
    const auto found = static_cast<NodeId>(slot);
    if (slot >> 32 == hash >> 32 && is(nodes_[found], parent, pc)) return found;
  }
}

void StackTable::fill(Node* node, NodeId parent, uint64_t pc) {
  node->parent.store(parent, std::memory_order_relaxed);
  node->pc.store(pc, std::memory_order_release);
}

NodeId StackTable::make_node(NodeId parent, uint64_t pc) {
  NodeId id = next_node_.load(std::memory_order_relaxed);
  Node* node;
  do {
    node = nodes_.ensure(id);
    if (node == nullptr) return 0;
  } while (!next_node_.compare_exchange_weak(id, id + 1, std::memory_order_acq_rel,
                                             std::memory_order_relaxed));
  fill(node, parent, pc);
  return id;
}

// The node after its parent, where the next id is that one; else 0.
NodeId StackTable::make_neighbour(NodeId parent, uint64_t pc) {
  NodeId id = parent + 1;
  Node* const node = nodes_.ensure(id);
  if (node == nullptr || !next_node_.compare_exchange_strong(id, id + 1, std::memory_order_acq_rel,
                                                             std::memory_order_relaxed)) {
    return 0;
  }
  fill(node, parent, pc);
  return id;
}

SILT_COLD NodeId StackTable::add(Table* table, NodeId parent, uint64_t pc, uint64_t hash) {
  const uint64_t used = table->used.fetch_add(1, std::memory_order_relaxed);
  if (used * 8 > table->mask * 5) {
    grow(table);
    // Another thread is at it, and there is no room left meanwhile: it does not take long.
    for (unsigned waits = 0; used * 8 >= table->mask * 7 && waits < kMostWaits &&
                             growing_.load(std::memory_order_acquire);
         ++waits) {
      base::system_call(SYS_sched_yield);
    }
    // What is added to a table after it was copied is lost.
    if (table_.load(std::memory_order_acquire) != table) return find_or_add(parent, pc);
  }
  // Past seven eighths of a table that could not grow, probing would become endless.
  const NodeId id = used * 8 < table->mask * 7 ? make_node(parent, pc) : 0;
  if (id == 0) {
    table->used.fetch_sub(1, std::memory_order_relaxed);
    overflowed_.fetch_add(1, std::memory_order_relaxed);
    return 0;
  }
  const uint64_t mine = hash >> 32 << 32 | id;
  for (uint64_t i = hash & table->mask;; i = (i + 1) & table->mask) {
    uint64_t slot = table->slots[i].load(std::memory_order_acquire);
    if (slot == 0 && table->slots[i].compare_exchange_strong(slot, mine, std::memory_order_acq_rel,
                                                             std::memory_order_acquire)) {
      return id;
    }
    // Another thread may have added the same node; then this one stays behind, unused.
    const auto other = static_cast<NodeId>(slot);
    if (slot >> 32 == hash >> 32 && is(nodes_[other], parent, pc)) return other;
  }
}

SILT_COLD void StackTable::grow(Table* table) {
  base::touch_stack();
  const base::BlockedSignals blocked;  // a handler that never came back would leave it growing
  if (growing_.exchange(true, std::memory_order_acquire)) return;
  Table* const grown =
      table_.load(std::memory_order_relaxed) == table ? make_table((table->mask + 1) * 2) : nullptr;
  if (grown != nullptr) {
    uint64_t used = 0;
    for (uint64_t i = 0; i <= table->mask; ++i) {
      const uint64_t slot = table->slots[i].load(std::memory_order_acquire);
      if (slot == 0) continue;
      const Node& node = nodes_[static_cast<NodeId>(slot)];
      const NodeId parent = node.parent.load(std::memory_order_relaxed);
      if ((parent & kRetired) != 0) continue;
      const uint64_t hash = hash_of(parent, node.pc.load(std::memory_order_relaxed));
      uint64_t to = hash & grown->mask;
      while (grown->slots[to].load(std::memory_order_relaxed) != 0) to = (to + 1) & grown->mask;
      grown->slots[to].store(slot, std::memory_order_relaxed);
      ++used;
    }
    grown->used.store(used, std::memory_order_relaxed);
    table_.store(grown, std::memory_order_release);
    // Whoever still looks at the old table finds it empty and makes his node twice: that is
    // allowed, and its memory need not be kept.
    base::release_pages(table->slots, (table->mask + 1) * sizeof(table->slots[0]));
  }
  growing_.store(false, std::memory_order_release);
}

void StackTable::retire(uint64_t start, uint64_t end) {
  const NodeId count = node_count();
  for (NodeId id = 1; id < count; ++id) {
    Node* const node = nodes_.find(id);
    if (node != nullptr &&
        code_of(node->pc.load(std::memory_order_relaxed)) - start < end - start) {
      node->parent.fetch_or(kRetired, std::memory_order_relaxed);
    }
  }
}

bool StackTable::read_node(NodeId id, NodeId* parent, uint64_t* pc) {
  Node* const node = nodes_.find(id);
  *pc = node == nullptr ? 0 : node->pc.load(std::memory_order_acquire);
  *parent = *pc == 0 ? 0 : node->parent.load(std::memory_order_relaxed) & ~kRetired;
  return *pc != 0;
}

}  // namespace silt::track
