// SPDX-License-Identifier: Apache-2.0
//
// See stack_table.h. Hook context.

#include "interposer/track/stack_table.h"

namespace silt::track {
namespace {

constexpr uint64_t kFirstSlots = 2048;  // 16 KiB

uint64_t hash_of(NodeId parent, uint64_t pc) {
  uint64_t hash = (pc ^ (uint64_t{parent} << 40 | parent)) * 0x9e3779b97f4a7c15;
  hash ^= hash >> 32;
  return hash * 0xd6e8feb86659fd93;
}

}  // namespace

bool StackTable::initialize(uint64_t overflow_marker) {
  next_node_.store(1, std::memory_order_relaxed);
  next_stack_.store(kOverflowStack + 1, std::memory_order_relaxed);
  Table* const table = make_table(kFirstSlots);
  if (table == nullptr || nodes_.ensure(0) == nullptr) return false;
  table_.store(table, std::memory_order_release);
  const NodeId node = child(0, overflow_marker);
  if (node == 0) return false;
  nodes_[node].stack.store(kOverflowStack, std::memory_order_relaxed);
  return true;
}

StackTable::Table* StackTable::make_table(uint64_t slots) {
  auto* const table =
      static_cast<Table*>(base::map_memory(sizeof(Table) + slots * sizeof(std::atomic<uint64_t>)));
  if (table != nullptr) table->mask = slots - 1;
  return table;
}

NodeId StackTable::child_slow(NodeId parent, uint64_t pc) {
  Table* const table = table_.load(std::memory_order_acquire);
  const uint64_t hash = hash_of(parent, pc);
  for (uint64_t i = hash & table->mask;; i = (i + 1) & table->mask) {
    const uint64_t slot = table->slots[i].load(std::memory_order_acquire);
    if (slot == 0) break;
    if (slot >> 32 != hash >> 32) continue;
    const auto id = static_cast<NodeId>(slot);
    const Node& node = nodes_[id];
    if (node.pc == pc && node.parent.load(std::memory_order_relaxed) == parent) {
      nodes_[parent].hint.store(id, std::memory_order_relaxed);
      return id;
    }
  }
  const NodeId added = add(table, parent, pc, hash);
  if (added != 0) nodes_[parent].hint.store(added, std::memory_order_relaxed);
  return added;
}

SILT_COLD NodeId StackTable::add(Table* table, NodeId parent, uint64_t pc, uint64_t hash) {
  const uint64_t used = table->used.fetch_add(1, std::memory_order_relaxed);
  if (used * 2 > table->mask) grow(table);
  Node* node = nullptr;
  NodeId id = 0;
  // Past seven eighths of a table that could not grow, probing would become endless.
  if (used * 8 < table->mask * 7) {
    id = next_node_.load(std::memory_order_relaxed);
    do {
      node = nodes_.ensure(id);
    } while (node != nullptr &&
             !next_node_.compare_exchange_weak(id, id + 1, std::memory_order_relaxed));
  }
  if (node == nullptr) {
    table->used.fetch_sub(1, std::memory_order_relaxed);
    overflowed_.fetch_add(1, std::memory_order_relaxed);
    return 0;
  }
  node->pc = pc;
  node->parent.store(parent, std::memory_order_relaxed);
  __atomic_store_n(&node->filled, 1, __ATOMIC_RELEASE);
  const uint64_t mine = hash >> 32 << 32 | id;
  for (uint64_t i = hash & table->mask;; i = (i + 1) & table->mask) {
    uint64_t slot = table->slots[i].load(std::memory_order_acquire);
    if (slot == 0 && table->slots[i].compare_exchange_strong(slot, mine, std::memory_order_acq_rel,
                                                             std::memory_order_acquire)) {
      return id;
    }
    if (slot >> 32 != hash >> 32) continue;
    // Another thread may have added the same node; then this one stays behind, unused.
    const auto other = static_cast<NodeId>(slot);
    if (nodes_[other].pc == pc && nodes_[other].parent.load(std::memory_order_relaxed) == parent) {
      return other;
    }
  }
}

SILT_COLD void StackTable::grow(Table* table) {
  if (growing_.exchange(true, std::memory_order_acquire)) return;
  if (table_.load(std::memory_order_relaxed) == table) {
    Table* const grown = make_table((table->mask + 1) * 2);
    if (grown != nullptr) {
      uint64_t used = 0;
      for (uint64_t i = 0; i <= table->mask; ++i) {
        const uint64_t slot = table->slots[i].load(std::memory_order_acquire);
        if (slot == 0) continue;
        const Node& node = nodes_[static_cast<NodeId>(slot)];
        const NodeId parent = node.parent.load(std::memory_order_relaxed);
        if ((parent & kRetired) != 0) continue;
        uint64_t to = hash_of(parent, node.pc) & grown->mask;
        while (grown->slots[to].load(std::memory_order_relaxed) != 0) to = (to + 1) & grown->mask;
        grown->slots[to].store(slot, std::memory_order_relaxed);
        ++used;
      }
      grown->used.store(used, std::memory_order_relaxed);
      table_.store(grown, std::memory_order_release);
    }
  }
  growing_.store(false, std::memory_order_release);
}

SILT_COLD StackId StackTable::stack_of_slow(NodeId node) {
  StackId next = next_stack_.load(std::memory_order_relaxed);
  do {
    if (next > kMaximumStacks) {
      overflowed_.fetch_add(1, std::memory_order_relaxed);
      return kOverflowStack;
    }
  } while (!next_stack_.compare_exchange_weak(next, next + 1, std::memory_order_relaxed));
  StackId expected = 0;
  if (nodes_[node].stack.compare_exchange_strong(expected, next, std::memory_order_relaxed)) {
    return next;
  }
  return expected;  // another thread was first; `next` stays unused
}

void StackTable::retire(uint64_t start, uint64_t end) {
  const NodeId count = node_count();
  for (NodeId id = 1; id < count; ++id) {
    Node* const node = nodes_.find(id);
    if (node != nullptr && node->pc - start < end - start) {
      node->parent.fetch_or(kRetired, std::memory_order_relaxed);
    }
  }
}

void StackTable::read_node(NodeId id, NodeId* parent, uint64_t* pc, StackId* stack) {
  Node* const node = nodes_.find(id);
  if (node == nullptr || __atomic_load_n(&node->filled, __ATOMIC_ACQUIRE) == 0) {
    *parent = 0;
    *pc = 0;
    *stack = 0;
    return;
  }
  *parent = node->parent.load(std::memory_order_relaxed) & ~kRetired;
  *pc = node->pc;
  *stack = node->stack.load(std::memory_order_relaxed);
}

}  // namespace silt::track
