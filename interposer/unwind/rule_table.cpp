// SPDX-License-Identifier: Apache-2.0
//
// See rule_table.h. Hook context.

#include "interposer/unwind/rule_table.h"

#include "interposer/base/memory.h"
#include "interposer/unwind/derive.h"
#include "interposer/unwind/interpreter.h"
#include "interposer/unwind/object.h"

namespace silt::unwind {
namespace {

constexpr uint32_t kFirstBits = 11;  // 32 KiB: enough for a small program
constexpr uint32_t kLastBits = 26;   // 1 GiB: past any program
// Fewer guesses than these are not looked at: 256 KiB at the most.
constexpr uint64_t kFewestGuesses = 8192;

bool is_guess(uint64_t rule) { return FrameRule(rule).kind() == RuleKind::kFramePointer; }

}  // namespace

RuleTable::Table* RuleTable::make_table(uint32_t bits) {
  const uint64_t slots = uint64_t{1} << bits;
  auto* const table = static_cast<Table*>(base::map_memory(sizeof(Table) + slots * sizeof(Entry)));
  if (table == nullptr) return nullptr;
  table->mask = slots - 1;
  table->shift = 64 - bits;
  return table;
}

void RuleTable::insert(Table* table, uint64_t pc, uint64_t rule) {
  for (uint64_t i = hash(pc) >> table->shift;; i = (i + 1) & table->mask) {
    Entry& entry = table->entries[i];
    const uint64_t key = entry.pc.load(std::memory_order_relaxed);
    if (key != 0 && key != pc) continue;
    entry.rule.store(rule, std::memory_order_relaxed);
    if (key == 0) {
      ++table->used;
      entry.pc.store(pc, std::memory_order_release);
    }
    return;
  }
}

bool RuleTable::make_room() {
  Table* const old = table_.load(std::memory_order_relaxed);
  if (old == nullptr) {
    Table* const first = make_table(kFirstBits);
    if (first == nullptr) return false;
    table_.store(first, std::memory_order_release);
    return true;
  }
  if (uint64_t{old->used} * 2 <= old->mask) return true;
  uint64_t needed = 0;
  for (uint64_t i = 0; i <= old->mask; ++i) {
    if (old->entries[i].rule.load(std::memory_order_relaxed) != 0) ++needed;
  }
  uint32_t bits = kFirstBits;
  while (uint64_t{1} << bits < needed * 3) ++bits;
  Table* const grown = bits <= kLastBits ? make_table(bits) : nullptr;
  if (grown == nullptr) return uint64_t{old->used} * 8 < old->mask * 7;
  for (uint64_t i = 0; i <= old->mask; ++i) {
    const uint64_t pc = old->entries[i].pc.load(std::memory_order_relaxed);
    const uint64_t rule = old->entries[i].rule.load(std::memory_order_relaxed);
    if (pc != 0 && rule != 0) insert(grown, pc, rule);
  }
  table_.store(grown, std::memory_order_release);
  leave_behind(old);
  return true;
}

void RuleTable::leave_behind(Table* table) {
  for (OldTable& old : old_tables_) {
    if (old.table != nullptr) continue;
    old = OldTable{table, 0};
    return;
  }
}

void RuleTable::unmap_old_tables(uint32_t epoch) {
  const base::SpinGuard guard(derive_lock);
  for (OldTable& old : old_tables_) {
    if (old.table == nullptr) continue;
    if (old.epoch == 0) {
      old.epoch = epoch;
    } else if (old.epoch != epoch) {
      base::unmap_memory(old.table, size_of(*old.table));
      old.table = nullptr;
    }
  }
}

bool RuleTable::begin_marking() {
  const base::SpinGuard guard(derive_lock);
  Table* const table = table_.load(std::memory_order_relaxed);
  if (table == nullptr || table->used < kFewestGuesses) return false;
  uint64_t guesses = 0;
  for (uint64_t i = 0; i <= table->mask; ++i) {
    if (is_guess(table->entries[i].rule.load(std::memory_order_relaxed))) ++guesses;
  }
  if (guesses < kFewestGuesses || guesses < 2 * guesses_left_) return false;
  marks_ = static_cast<uint64_t*>(base::map_within_limit((table->mask + 64) / 8));
  marked_ = marks_ == nullptr ? nullptr : table;
  return marked_ != nullptr;
}

void RuleTable::mark(uint64_t pc) {
  // (Its memory is there also if it was replaced meanwhile: only the next round gives it back.)
  for (uint64_t i = hash(pc) >> marked_->shift;; i = (i + 1) & marked_->mask) {
    const uint64_t key = marked_->entries[i].pc.load(std::memory_order_acquire);
    if (key == pc) marks_[i / 64] |= uint64_t{1} << i % 64;
    if (key == pc || key == 0) return;
  }
}

void RuleTable::forget_unmarked_guesses() {
  const base::SpinGuard guard(derive_lock);
  const bool is_current = marked_ == table_.load(std::memory_order_relaxed);
  uint64_t left = 0;
  for (uint64_t i = 0; is_current && i <= marked_->mask; ++i) {
    std::atomic<uint64_t>& rule = marked_->entries[i].rule;
    if (!is_guess(rule.load(std::memory_order_relaxed))) continue;
    if ((marks_[i / 64] >> i % 64 & 1) != 0) {
      ++left;
    } else {
      rule.store(0, std::memory_order_relaxed);
    }
  }
  if (is_current) guesses_left_ = left;
  base::unmap_memory(marks_, (marked_->mask + 64) / 8);
  marks_ = nullptr;
  marked_ = nullptr;
}

FrameRule RuleTable::find_or_derive(uint64_t pc, base::LazilyBlockedSignals& blocked) {
  const base::SpinGuardWithin guard(blocked, derive_lock);
  const FrameRule known = find(pc);
  if (known.kind() != RuleKind::kUnknown) return known;
  FrameRule rule;
  derive_stack.run([&] { rule = deriver_ == nullptr ? derive_rule(pc) : deriver_(pc); });
  if (rule.kind() == RuleKind::kFramePointer && interpreter.contains(pc)) {
    rule = FrameRule(RuleKind::kInterpreted);
  }
  derived_.fetch_add(1, std::memory_order_relaxed);
  if (observer_ != nullptr) observer_(pc);
  if (make_room()) insert(table_.load(std::memory_order_relaxed), pc, rule.bits());
  return rule;
}

void RuleTable::forget(uint64_t start, uint64_t end) {
  const base::SpinGuard guard(derive_lock);
  forget_locked(start, end);
}

void RuleTable::forget_locked(uint64_t start, uint64_t end) {
  Table* const table = table_.load(std::memory_order_relaxed);
  if (table == nullptr) return;
  for (uint64_t i = 0; i <= table->mask; ++i) {
    const uint64_t pc = table->entries[i].pc.load(std::memory_order_relaxed);
    if (pc - start < end - start) table->entries[i].rule.store(0, std::memory_order_relaxed);
  }
}

void RuleTable::forget_guesses_inside_objects() {
  const base::SpinGuard guard(derive_lock);
  Table* const table = table_.load(std::memory_order_relaxed);
  if (table == nullptr) return;
  for (uint64_t i = 0; i <= table->mask; ++i) {
    Entry& entry = table->entries[i];
    const FrameRule rule(entry.rule.load(std::memory_order_relaxed));
    Object object;
    if (rule.kind() == RuleKind::kFramePointer &&
        find_object(entry.pc.load(std::memory_order_relaxed) - 1, &object)) {
      entry.rule.store(0, std::memory_order_relaxed);
    }
  }
}

}  // namespace silt::unwind
