// SPDX-License-Identifier: Apache-2.0
//
// See functions.h. Hook context.

#include "interposer/runtime/python/functions.h"

#include "interposer/base/memory.h"
#include "interposer/base/spin_lock.h"
#include "interposer/runtime/function_names.h"
#include "interposer/runtime/python/layout.h"
#include "interposer/runtime/python/line_table.h"
#include "interposer/runtime/python/text.h"

namespace silt::python {

constinit std::atomic<uint32_t> code_epoch{0};

namespace {

constexpr size_t kLongestName = 512;
constexpr size_t kLongestFile = 4096;
constexpr size_t kLineBlock = size_t{64} * 1024;
constexpr uint32_t kFirstBits = 11;
constexpr uint32_t kLastBits = 24;

// A line is kept as its distance from the function's first one, shifted so that decorators and the
// like, which stand before it, fit; 0: none.
constexpr int64_t kLineShift = 1024;

// function_lock is of everything below but readers' way through the table of addresses.

struct Entry {
  std::atomic<uint64_t> code;      // 0: free
  std::atomic<uint32_t> function;  // 0: the code object is gone
  uint32_t instructions;
  uint16_t* lines;
  uint32_t first_line;
  uint32_t size_class;
};
static_assert(sizeof(Entry) == 32);

struct Table {
  uint64_t mask;
  uint32_t shift;
  uint32_t used;
  Entry entries[];
};
constinit std::atomic<Table*> g_table{nullptr};

// Freed arrays of lines, by the logarithm of their size in bytes.
struct FreeLines {
  FreeLines* next;
};
constexpr uint32_t kSizeClasses = 28;
constexpr uint32_t kSmallestClass = 5;
constinit FreeLines* g_free_lines[kSizeClasses]{};
constinit char* g_lines_next = nullptr;
constinit char* g_lines_end = nullptr;
constinit std::atomic<uint64_t> g_lines_bytes{0};

// Tables that were replaced, until all who may still read them have left their hooks.
struct OldTable {
  Table* table;
  uint32_t epoch;  // of the first round that saw it; 0: none yet
};
constinit OldTable g_old_tables[16]{};

size_t bytes_of(uint64_t slots) { return sizeof(Table) + slots * sizeof(Entry); }

OldTable* free_place_for_old() {
  for (OldTable& old : g_old_tables) {
    if (old.table == nullptr) return &old;
  }
  return nullptr;
}

uint64_t hash_of(uint64_t code) { return code * 0x9e3779b97f4a7c15; }

uint16_t* take_lines(uint32_t instructions, uint32_t* size_class) {
  const uint64_t bytes = uint64_t{instructions} * sizeof(uint16_t);
  uint32_t size = kSmallestClass;
  while (size < kSizeClasses && uint64_t{1} << size < bytes) ++size;
  if (size == kSizeClasses) return nullptr;
  *size_class = size;
  if (FreeLines* const known = g_free_lines[size]) {
    g_free_lines[size] = known->next;
    return reinterpret_cast<uint16_t*>(known);
  }
  const uint64_t room = uint64_t{1} << size;
  if (room > kLineBlock / 4) {
    auto* const lines = static_cast<uint16_t*>(base::map_within_limit(room));
    if (lines != nullptr) g_lines_bytes.fetch_add(room, std::memory_order_relaxed);
    return lines;
  }
  if (static_cast<uint64_t>(g_lines_end - g_lines_next) < room) {
    auto* const block = static_cast<char*>(base::map_within_limit(kLineBlock));
    if (block == nullptr) return nullptr;
    g_lines_bytes.fetch_add(kLineBlock, std::memory_order_relaxed);
    g_lines_next = block;
    g_lines_end = block + kLineBlock;
  }
  char* const lines = g_lines_next;
  g_lines_next += room;
  return reinterpret_cast<uint16_t*>(lines);
}

void read_lines(uint64_t code, Entry& entry) {
  const auto table = field<uint64_t>(code, kCodeLines);
  const auto size = field<uint64_t>(table, kObjectSize);
  read_line_table(reinterpret_cast<const uint8_t*>(table + kBytesData), size, entry.first_line,
                  [&](uint32_t first, uint32_t count, uint32_t line) {
                    const int64_t kept = int64_t{line} - entry.first_line + kLineShift;
                    const bool fits = line != 0 && kept > 0 && kept <= UINT16_MAX;
                    for (uint32_t i = first; i < first + count && i < entry.instructions; ++i) {
                      entry.lines[i] = static_cast<uint16_t>(fits ? kept : 0);
                    }
                  });
}

// A program that compiles and drops code fills the table with what is gone: the next one is as
// large as what is left wants. Where the old one cannot be noted it is twice as large, so that the
// old ones together never take more than it.
uint32_t bits_wanted(const Table* old, bool noted) {
  if (old == nullptr) return kFirstBits;
  if (!noted) return 64 - old->shift + 1;
  uint64_t living = 0;
  for (uint64_t i = 0; i <= old->mask; ++i) {
    if (old->entries[i].function.load(std::memory_order_relaxed) != 0) ++living;
  }
  uint32_t bits = kFirstBits;
  while (uint64_t{1} << bits < living * 4) ++bits;
  return bits;
}

bool grow(Table* old) {
  OldTable* const place = free_place_for_old();
  const uint32_t bits = bits_wanted(old, place != nullptr);
  if (bits > kLastBits) return false;
  const uint64_t slots = uint64_t{1} << bits;
  auto* const table = static_cast<Table*>(base::map_within_limit(bytes_of(slots)));
  if (table == nullptr) return false;
  table->mask = slots - 1;
  table->shift = 64 - bits;
  for (uint64_t i = 0; old != nullptr && i <= old->mask; ++i) {
    const Entry& from = old->entries[i];
    const uint64_t code = from.code.load(std::memory_order_relaxed);
    const uint32_t function = from.function.load(std::memory_order_relaxed);
    if (function == 0) continue;
    uint64_t to = hash_of(code) >> table->shift;
    while (table->entries[to].code.load(std::memory_order_relaxed) != 0)
      to = (to + 1) & table->mask;
    Entry& entry = table->entries[to];
    entry.instructions = from.instructions;
    entry.lines = from.lines;
    entry.first_line = from.first_line;
    entry.size_class = from.size_class;
    entry.function.store(function, std::memory_order_relaxed);
    entry.code.store(code, std::memory_order_relaxed);
    ++table->used;
  }
  g_table.store(table, std::memory_order_release);
  if (place != nullptr) *place = {old, 0};
  return true;
}

// The entry of the address, or the free one where it would be; nullptr without a table.
Entry* slot_of(Table* table, uint64_t code) {
  if (table == nullptr) return nullptr;
  for (uint64_t i = hash_of(code) >> table->shift;; i = (i + 1) & table->mask) {
    Entry& entry = table->entries[i];
    const uint64_t known = entry.code.load(std::memory_order_acquire);
    if (known == code || known == 0) return &entry;
  }
}

SILT_COLD const Entry* read_code(uint64_t code) {
  static constinit char name[kLongestName]{};
  static constinit char path[kLongestFile]{};
  const base::SpinGuard guard(runtime::function_lock);
  Table* table = g_table.load(std::memory_order_relaxed);
  if ((table == nullptr || uint64_t{table->used} * 2 > table->mask) && !grow(table) &&
      (table == nullptr || uint64_t{table->used} * 8 > table->mask * 7)) {
    return nullptr;
  }
  table = g_table.load(std::memory_order_relaxed);
  Entry* const entry = slot_of(table, code);
  const bool is_free = entry->code.load(std::memory_order_relaxed) == 0;
  if (!is_free && entry->function.load(std::memory_order_relaxed) != 0) return entry;
  copy_text(field<uint64_t>(code, kCodeName), name, sizeof(name));
  copy_text(field<uint64_t>(code, kCodeFile), path, sizeof(path));
  const auto first_line = field<int32_t>(code, kCodeFirstLine);
  const auto instructions = field<int64_t>(code, kObjectSize);
  entry->first_line = first_line > 0 ? static_cast<uint32_t>(first_line) : 0;
  entry->instructions =
      instructions > 0 && instructions <= INT32_MAX ? static_cast<uint32_t>(instructions) : 0;
  entry->lines = take_lines(entry->instructions, &entry->size_class);
  if (entry->lines == nullptr) {
    entry->instructions = 0;
  } else {
    read_lines(code, *entry);
  }
  entry->function.store(runtime::number_of_function(kName, name, path, entry->first_line),
                        std::memory_order_release);
  if (is_free) {
    ++table->used;
    entry->code.store(code, std::memory_order_release);
  }
  return entry;
}

}  // namespace

Place place_of(uint64_t code, uint64_t instruction) {
  const Entry* entry = slot_of(g_table.load(std::memory_order_acquire), code);
  if (entry == nullptr || entry->code.load(std::memory_order_acquire) != code ||
      entry->function.load(std::memory_order_acquire) == 0) [[unlikely]] {
    entry = read_code(code);
    if (entry == nullptr) return Place{runtime::kOtherFunctions, 0};
  }
  const uint32_t function = entry->function.load(std::memory_order_relaxed);
  // Before the first instruction: the function is being entered.
  const uint64_t index = (instruction - (code + kCodeInstructions)) / kInstructionBytes;
  if (index >= entry->instructions) return Place{function, entry->first_line};
  const uint16_t kept = entry->lines[index];
  if (kept == 0) return Place{function, entry->first_line};
  return Place{function, static_cast<uint32_t>(entry->first_line + kept - kLineShift)};
}

uint64_t code_bytes() {
  const base::SpinGuard guard(runtime::function_lock);
  const Table* const table = g_table.load(std::memory_order_relaxed);
  uint64_t bytes = g_lines_bytes.load(std::memory_order_relaxed);
  if (table != nullptr) bytes += bytes_of(table->mask + 1);
  for (const OldTable& old : g_old_tables) {
    if (old.table != nullptr) bytes += bytes_of(old.table->mask + 1);
  }
  return bytes;
}

void unmap_old_code_tables(uint32_t epoch) {
  const base::SpinGuard guard(runtime::function_lock);
  for (OldTable& old : g_old_tables) {
    if (old.table == nullptr) continue;
    if (old.epoch == 0) {
      old.epoch = epoch;
    } else if (old.epoch != epoch) {
      base::unmap_memory(old.table, bytes_of(old.table->mask + 1));
      old.table = nullptr;
    }
  }
}

void forget_code(uint64_t code) {
  if (g_table.load(std::memory_order_relaxed) == nullptr) return;
  // The interpreter calls this outside of hooks, so nobody waits for it to have left a table that
  // was replaced: the lock is taken before the table is looked at.
  const base::SpinGuard guard(runtime::function_lock);
  Entry* const entry = slot_of(g_table.load(std::memory_order_relaxed), code);
  if (entry->code.load(std::memory_order_relaxed) != code ||
      entry->function.exchange(0, std::memory_order_relaxed) == 0) {
    return;
  }
  if (entry->lines != nullptr) {
    auto* const lines = reinterpret_cast<FreeLines*>(entry->lines);
    lines->next = g_free_lines[entry->size_class];
    g_free_lines[entry->size_class] = lines;
    entry->lines = nullptr;
  }
  code_epoch.fetch_add(1, std::memory_order_release);
}

}  // namespace silt::python
