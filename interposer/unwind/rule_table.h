// SPDX-License-Identifier: Apache-2.0
//
// pc -> frame rule, lock-free for readers. An open-addressing table with linear probing; entries
// are only added or emptied of their rule, never moved within a table. One writer at a time (the
// holder of derive_lock) adds; when a table is half full the writer publishes one that has room for
// twice what is still needed, and leaves the old one to readers that still look at it. A reader
// that misses asks the writer, who looks again, so a stale view costs time and nothing else.
//
// Code that is made at run time comes and goes without a word: the guesses about it that no stack
// needs any more are forgotten when they have become twice as many. Hook context.

#ifndef SILT_INTERPOSER_UNWIND_RULE_TABLE_H_
#define SILT_INTERPOSER_UNWIND_RULE_TABLE_H_

#include <atomic>
#include <cstdint>

#include "interposer/base/attributes.h"
#include "interposer/base/blocked_signals.h"
#include "interposer/unwind/frame_rule.h"

namespace silt::unwind {

class RuleTable {
 public:
  // kUnknown when the pc has not been derived yet.
  SILT_ALWAYS_INLINE FrameRule find(uint64_t pc) const {
    const Table* const table = table_.load(std::memory_order_acquire);
    if (table == nullptr) [[unlikely]]
      return FrameRule();
    for (uint64_t i = hash(pc) >> table->shift;; i = (i + 1) & table->mask) {
      const Entry& entry = table->entries[i];
      const uint64_t key = entry.pc.load(std::memory_order_acquire);
      if (key == pc) [[likely]] {
        return FrameRule(entry.rule.load(std::memory_order_relaxed));
      }
      if (key == 0) return FrameRule();
    }
  }

  // The rule, derived now if need be. Takes derive_lock. A walk finds several pcs without a rule as
  // often as one, and signals stay blocked from the first to its end: to block them and to restore
  // them takes half as long as to derive a rule.
  FrameRule find_or_derive(uint64_t pc, base::LazilyBlockedSignals& blocked);
  FrameRule find_or_derive(uint64_t pc) {
    base::LazilyBlockedSignals blocked;
    return find_or_derive(pc, blocked);
  }

  // Forgets the rules of pcs in [start, end): an object was unloaded there, or loaded where code
  // without unwind information had been. Takes derive_lock.
  void forget(uint64_t start, uint64_t end);
  // The same for who holds derive_lock: an observer may.
  void forget_locked(uint64_t start, uint64_t end);

  // Forgets frame-pointer guesses for pcs that now lie inside a loaded object. Takes derive_lock.
  void forget_guesses_inside_objects();

  // Called with derive_lock held for each pc whose rule is derived.
  using Observer = void (*)(uint64_t pc);
  void set_observer(Observer observer) { observer_ = observer; }

  // Where rules come from instead of derive_rule: for tests, whose pcs are no code. Before use.
  using Deriver = FrameRule (*)(uint64_t pc);
  void set_deriver(Deriver deriver) { deriver_ = deriver; }

  // Guesses that no stack has, in three steps: whether they are worth it; each pc that one has; the
  // rest goes. For one caller at a time.
  bool begin_marking();
  void mark(uint64_t pc);
  void forget_unmarked_guesses();
  // Every thread was seen outside hooks, or at this epoch, since it began: tables that had been
  // replaced when an earlier epoch was told of are unmapped.
  void unmap_old_tables(uint32_t epoch);

  // Of the table in use.
  uint64_t mapped_bytes() const {
    const Table* const table = table_.load(std::memory_order_acquire);
    return table == nullptr ? 0 : size_of(*table);
  }

  uint64_t derived() const { return derived_.load(std::memory_order_relaxed); }

 private:
  struct Entry {
    std::atomic<uint64_t> pc;
    std::atomic<uint64_t> rule;
  };
  struct Table {
    uint64_t mask;
    uint32_t shift;
    uint32_t used;
    Entry entries[];
  };

  static uint64_t hash(uint64_t pc) { return pc * 0x9e3779b97f4a7c15; }

  static uint64_t size_of(const Table& table) {
    return sizeof(Table) + (table.mask + 1) * sizeof(table.entries[0]);
  }
  static Table* make_table(uint32_t bits);
  static void insert(Table* table, uint64_t pc, uint64_t rule);
  bool make_room();
  void leave_behind(Table* table);

  std::atomic<Table*> table_{nullptr};

  // Of the table whose guesses are being marked, a bit for each entry; 0: none is.
  Table* marked_ = nullptr;
  uint64_t* marks_ = nullptr;
  uint64_t guesses_left_ = 0;

  // Tables that were replaced. Under derive_lock.
  struct OldTable {
    Table* table;
    uint32_t epoch;  // the first that was told of afterwards; 0: none yet
  };
  OldTable old_tables_[16]{};

  std::atomic<uint64_t> derived_{0};
  Observer observer_ = nullptr;
  Deriver deriver_ = nullptr;
};

}  // namespace silt::unwind

#endif  // SILT_INTERPOSER_UNWIND_RULE_TABLE_H_
