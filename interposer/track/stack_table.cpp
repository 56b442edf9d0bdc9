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
  return child(kRoot, overflow_marker) == innermost_of(kOverflowStack);
}

StackTable::Table* StackTable::make_table(uint64_t slots) {
  auto* const table = static_cast<Table*>(
      base::map_within_limit(sizeof(Table) + slots * sizeof(std::atomic<uint64_t>)));
  if (table != nullptr) table->mask = slots - 1;
  return table;
}

uint32_t StackTable::child_slow(uint32_t parent, uint64_t pc, bool has_children) {
  uint32_t found;
  if (has_children) {
    const Node* const neighbour = nodes_.find(parent + 1);
    found =
        neighbour != nullptr && is(*neighbour, parent, pc) ? parent + 1 : find_or_add(parent, pc);
  } else {
    // No child was ever found. (Where another thread is just making one, two may come of it.)
    found = make_neighbour(parent, pc);
    if (found == 0) found = find_or_add(parent, pc);
  }
  if (found != 0) nodes_[parent].hint.store(found, std::memory_order_release);  // new chunk?
  return found;
}

uint32_t StackTable::find_or_add(uint32_t parent, uint64_t pc) {
  Table* const table = table_.load(std::memory_order_acquire);
  const uint64_t hash = hash_of(parent, pc);
  for (uint64_t i = hash & table->mask;; i = (i + 1) & table->mask) {
    const uint64_t slot = table->slots[i].load(std::memory_order_acquire);
    if (slot == 0) return add(table, parent, pc, hash);
    const auto found = static_cast<uint32_t>(slot);
    if (slot >> 32 == hash >> 32 && is(nodes_[found], parent, pc)) return found;
  }
}

void StackTable::fill(uint32_t id, Node* node, uint32_t parent, uint64_t pc) {
  const uint32_t reused = reused_.load(std::memory_order_relaxed);
  if (reused != 0) [[unlikely]] {
    // (Without memory for it the node passes for one of the first.)
    std::atomic<uint32_t>* const birth = births_.ensure(id);
    if (birth != nullptr) {
      birth->store(added(next_node_.load(std::memory_order_relaxed), reused),
                   std::memory_order_relaxed);
    }
  }
  node->pc.store(pc, std::memory_order_relaxed);
  node->parent.store(parent, std::memory_order_release);
}

bool StackTable::give_back(NodeId node_id) {
  const uint32_t id = index_of(node_id);
  if (!free_.has_room_for(id) || births_.ensure(id) == nullptr) return false;
  Node& node = nodes_[id];
  node.parent.store(kFree, std::memory_order_relaxed);
  node.pc.store(0, std::memory_order_relaxed);
  node.hint.store(0, std::memory_order_relaxed);
  free_.put(id);
  return true;
}

bool StackTable::withdraw_page(NodeId first_id) {
  const uint32_t first = index_of(first_id);
  if (first == 0 || first + kPageNodes > id_limit()) return false;
  constexpr size_t kWords = kPageNodes / FreeIds::kWordIds;
  uint64_t aside[kWords];
  bool any_aside = false;  // else it was done before
  for (size_t i = 0; i < kWords; ++i) {
    const auto from = static_cast<uint32_t>(first + i * FreeIds::kWordIds);
    aside[i] = aside_bits(from);
    any_aside = any_aside || aside[i] != 0;
    if ((aside[i] | free_.bits(from)) != UINT64_MAX) return false;
  }
  return any_aside && births_.ensure(first) != nullptr && free_.withdraw(first, aside, kWords);
}

uint64_t StackTable::aside_bits(uint32_t from) {
  uint64_t bits = 0;
  for (uint32_t i = 0; i < FreeIds::kWordIds; ++i) bits |= uint64_t{is_aside(from + i)} << i;
  return bits;
}

// Nodes of zeros are found by nobody: their pc is 0.
void StackTable::give_back_page(NodeId first_id) {
  const uint32_t first = index_of(first_id);
  base::release_pages(&nodes_[first], base::kPageSize);
  free_.put_all(first, kPageNodes);
}

bool StackTable::claim(uint32_t id) {
  const bool taken = free_.take(id);
  if (taken) note_reuse();
  return taken;
}

void StackTable::note_reuse() {
  if (reused_.fetch_add(1, std::memory_order_relaxed) == UINT32_MAX - 1) {
    reused_.store(UINT32_MAX - 1, std::memory_order_relaxed);  // never 0 again
  }
}

// Takes any free id; 0: there is none.
uint32_t StackTable::claim_any() {
  const uint32_t id = free_.take_first(id_limit());
  if (id != 0) note_reuse();
  return id;
}

uint32_t StackTable::make_node(uint32_t parent, uint64_t pc) {
  uint32_t id = claim_any();
  if (id != 0) [[unlikely]] {
    fill(id, &nodes_[id], parent, pc);
    return id;
  }
  id = next_node_.load(std::memory_order_relaxed);
  Node* node;
  do {
    node = nodes_.ensure(id);
    if (node == nullptr) return 0;
  } while (!next_node_.compare_exchange_weak(id, id + 1, std::memory_order_acq_rel,
                                             std::memory_order_relaxed));
  fill(id, node, parent, pc);
  return id;
}

// The node after its parent, where that id is free or the next one; else 0.
uint32_t StackTable::make_neighbour(uint32_t parent, uint64_t pc) {
  uint32_t id = parent + 1;
  Node* const node = nodes_.ensure(id);
  if (node == nullptr) return 0;
  if (!claim(id) && !next_node_.compare_exchange_strong(id, id + 1, std::memory_order_acq_rel,
                                                        std::memory_order_relaxed)) {
    return 0;
  }
  fill(id, node, parent, pc);
  return id;
}

SILT_COLD uint32_t StackTable::add(Table* table, uint32_t parent, uint64_t pc, uint64_t hash) {
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
  const uint32_t id = used * 8 < table->mask * 7 ? make_node(parent, pc) : 0;
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
    const auto other = static_cast<uint32_t>(slot);
    if (slot >> 32 == hash >> 32 && is(nodes_[other], parent, pc)) return other;
  }
}

SILT_COLD void StackTable::grow(Table* table) {
  base::touch_stack();
  const base::BlockedSignals blocked;  // a handler that never came back would leave it growing
  replace_once(table, true);
}

SILT_COLD void StackTable::tidy() { replace_once(table_.load(std::memory_order_acquire), false); }

void StackTable::replace_once(Table* table, bool for_more) {
  if (growing_.exchange(true, std::memory_order_acquire)) return;
  if (table_.load(std::memory_order_relaxed) == table) replace(table, for_more);
  growing_.store(false, std::memory_order_release);
}

// The hash under which a slot's node is looked for; 0: it is not found there any more.
uint64_t StackTable::hash_of_slot(uint64_t slot) {
  const Node& node = nodes_[static_cast<uint32_t>(slot)];
  const uint32_t parent = node.parent.load(std::memory_order_acquire) & ~kAside;
  if (parent > kParentMask) return 0;
  const uint64_t hash = hash_of(parent, node.pc.load(std::memory_order_relaxed));
  return hash >> 32 == slot >> 32 ? hash : 0;  // else the id has been used again since
}

// With room for more, or where most of it is not needed any more, with less.
void StackTable::replace(Table* table, bool for_more) {
  uint64_t kept = 0;
  for (uint64_t i = 0; i <= table->mask; ++i) {
    const uint64_t slot = table->slots[i].load(std::memory_order_acquire);
    if (slot != 0 && hash_of_slot(slot) != 0) ++kept;
  }
  // Half full at most where it is made, so that it does not grow again at once.
  uint64_t slots = kFirstSlots;
  while (slots < kept * 2) slots *= 2;
  const uint64_t used = table->used.load(std::memory_order_relaxed);
  if (!for_more && slots > table->mask / 2 && used < kept * 2) return;
  Table* const fresh = make_table(slots);
  if (fresh == nullptr) return;
  kept = 0;
  for (uint64_t i = 0; i <= table->mask; ++i) {
    const uint64_t slot = table->slots[i].load(std::memory_order_acquire);
    const uint64_t hash = slot == 0 ? 0 : hash_of_slot(slot);
    if (hash == 0) continue;
    uint64_t to = hash & fresh->mask;
    while (fresh->slots[to].load(std::memory_order_relaxed) != 0) to = (to + 1) & fresh->mask;
    fresh->slots[to].store(slot, std::memory_order_relaxed);
    ++kept;
  }
  fresh->used.store(kept, std::memory_order_relaxed);
  table_.store(fresh, std::memory_order_release);
  // Whoever still looks at the old table finds it empty and makes his node twice: that is
  // allowed, and its memory need not be kept.
  base::release_pages(table->slots, (table->mask + 1) * sizeof(table->slots[0]));
  leave_behind(table);
}

void StackTable::leave_behind(Table* table) {
  for (OldTable& old : old_tables_) {
    if (old.table.load(std::memory_order_acquire) != nullptr) continue;
    old.size_bytes = size_of(*table);
    old.epoch = 0;
    old.table.store(table, std::memory_order_release);
    return;
  }
}

SILT_COLD void StackTable::unmap_old_tables(uint32_t epoch) {
  for (OldTable& old : old_tables_) {
    Table* const table = old.table.load(std::memory_order_acquire);
    if (table == nullptr) continue;
    if (old.epoch == 0) {
      old.epoch = epoch;
    } else if (old.epoch != epoch) {
      base::unmap_memory(table, old.size_bytes);
      old.table.store(nullptr, std::memory_order_release);
    }
  }
}

void StackTable::retire(uint64_t start, uint64_t end) {
  const uint32_t limit = id_limit();
  for (uint32_t id = 1; id < limit; ++id) {
    Node* const node = nodes_.find(id);
    if (node != nullptr &&
        code_of(node->pc.load(std::memory_order_relaxed)) - start < end - start) {
      node->parent.fetch_or(kRetired, std::memory_order_relaxed);
    }
  }
}

bool StackTable::read_node(NodeId id, NodeId* parent, uint64_t* pc) {
  Node* const node = nodes_.find(index_of(id));
  // Parent first: a node that is not filled yet has no pc.
  const uint32_t known = node == nullptr ? kFree : node->parent.load(std::memory_order_acquire);
  *pc = (known & kFree) != 0 ? 0 : node->pc.load(std::memory_order_relaxed);
  *parent = *pc == 0 ? kRoot : NodeId{known & kParentMask};
  return *pc != 0;
}

}  // namespace silt::track
