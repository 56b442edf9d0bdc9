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
  const uint32_t bits = 64 - old->shift;
  Table* const grown = bits < kLastBits ? make_table(bits + 1) : nullptr;
  if (grown == nullptr) return uint64_t{old->used} * 8 < old->mask * 7;
  for (uint64_t i = 0; i <= old->mask; ++i) {
    const uint64_t pc = old->entries[i].pc.load(std::memory_order_relaxed);
    const uint64_t rule = old->entries[i].rule.load(std::memory_order_relaxed);
    if (pc != 0 && rule != 0) insert(grown, pc, rule);
  }
  table_.store(grown, std::memory_order_release);
  return true;
}

FrameRule RuleTable::find_or_derive(uint64_t pc) {
  const base::SpinGuard guard(derive_lock);
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
