// SPDX-License-Identifier: Apache-2.0
//
// pc -> frame rule, lock-free for readers. An open-addressing table with linear probing; entries
// are only added or emptied of their rule, never moved within a table. One writer at a time (the
// holder of derive_lock) adds; when a table is half full the writer publishes one of twice the
// size and leaves the old one to readers that still look at it. A reader that misses asks the
// writer, who looks again, so a stale view costs time and nothing else. Hook context.

#ifndef SILT_INTERPOSER_UNWIND_RULE_TABLE_H_
#define SILT_INTERPOSER_UNWIND_RULE_TABLE_H_

#include <atomic>
#include <cstdint>

#include "interposer/base/attributes.h"
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

  // The rule, derived now if need be. Takes derive_lock.
  FrameRule find_or_derive(uint64_t pc);

  // Forgets the rules of pcs in [start, end): an object was unloaded there, or loaded where code
  // without unwind information had been. Takes derive_lock.
  void forget(uint64_t start, uint64_t end);

  // Forgets frame-pointer guesses for pcs that now lie inside a loaded object. Takes derive_lock.
  void forget_guesses_inside_objects();

  // Called with derive_lock held for each pc whose rule is derived.
  using Observer = void (*)(uint64_t pc);
  void set_observer(Observer observer) { observer_ = observer; }

  // Where rules come from instead of derive_rule: for tests, whose pcs are no code. Before use.
  using Deriver = FrameRule (*)(uint64_t pc);
  void set_deriver(Deriver deriver) { deriver_ = deriver; }

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

  static Table* make_table(uint32_t bits);
  static void insert(Table* table, uint64_t pc, uint64_t rule);
  bool make_room();

  std::atomic<Table*> table_{nullptr};
  std::atomic<uint64_t> derived_{0};
  Observer observer_ = nullptr;
  Deriver deriver_ = nullptr;
};

}  // namespace silt::unwind

#endif  // SILT_INTERPOSER_UNWIND_RULE_TABLE_H_
