// SPDX-License-Identifier: Apache-2.0
//
// See functions.h. Hook context.

#include "interposer/runtime/python/functions.h"

#include "interposer/base/memory.h"
#include "interposer/base/spin_lock.h"
#include "interposer/base/text.h"
#include "interposer/runtime/python/layout.h"
#include "interposer/runtime/python/line_table.h"

namespace silt::python {

constinit std::atomic<uint32_t> code_epoch{0};

namespace {

constexpr size_t kLongestName = 512;
constexpr size_t kLongestFile = 4096;
// What silt keeps of a program's sources: some fifty megabytes of names are more than any has.
constexpr size_t kTextBlock = size_t{64} * 1024;
constexpr size_t kMostText = size_t{64} << 20;
constexpr uint32_t kFirstBits = 11;
constexpr uint32_t kLastBits = 24;

// A line is kept as its distance from the function's first one, shifted so that decorators and the
// like, which stand before it, fit; 0: none.
constexpr int64_t kLineShift = 1024;

base::SpinLock g_lock;  // of everything below but readers' way through the table of addresses

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

constinit base::ChunkedArray<Function, 1024, 4096> g_functions{};
constinit std::atomic<uint32_t> g_function_count{0};
constinit base::ChunkedArray<const char*, 1024, 1024> g_files{};
constinit std::atomic<uint32_t> g_file_count{0};

// Numbers of functions, or of files, by content.
struct Index {
  uint32_t* slots = nullptr;  // number + 1, 0: free
  uint64_t mask = 0;
  uint32_t used = 0;
};
constinit Index g_function_index{};
constinit Index g_file_index{};

constinit char* g_text_next = nullptr;
constinit char* g_text_end = nullptr;
constinit size_t g_text_bytes = 0;

// Freed arrays of lines, by the logarithm of their size in bytes.
struct FreeLines {
  FreeLines* next;
};
constexpr uint32_t kSizeClasses = 28;
constexpr uint32_t kSmallestClass = 5;
constinit FreeLines* g_free_lines[kSizeClasses]{};
constinit char* g_lines_next = nullptr;
constinit char* g_lines_end = nullptr;

uint64_t hash_of(uint64_t code) { return code * 0x9e3779b97f4a7c15; }

uint64_t hash_of(const char* text, uint64_t hash) {
  for (; *text != '\0'; ++text) hash = (hash ^ static_cast<uint8_t>(*text)) * 0x100000001b3;
  return hash;
}

const char* keep_text(const char* text) {
  const size_t size = base::length(text) + 1;
  if (static_cast<size_t>(g_text_end - g_text_next) < size) {
    if (g_text_bytes + kTextBlock > kMostText) return nullptr;
    auto* const block = static_cast<char*>(base::map_within_limit(kTextBlock));
    if (block == nullptr) return nullptr;
    g_text_bytes += kTextBlock;
    g_text_next = block;
    g_text_end = block + kTextBlock;
  }
  char* const kept = g_text_next;
  base::copy_bytes(kept, text, size);
  g_text_next += size;
  return kept;
}

// Makes room for one more; rehash(number) gives the hash of what is in it.
template <typename Rehash>
bool make_room(Index& index, Rehash&& rehash) {
  if (index.slots != nullptr && uint64_t{index.used} * 2 <= index.mask) return true;
  const uint64_t slots = index.slots == nullptr ? 1024 : (index.mask + 1) * 2;
  auto* const fresh = static_cast<uint32_t*>(base::map_within_limit(slots * sizeof(uint32_t)));
  if (fresh == nullptr) return false;
  for (uint64_t i = 0; index.slots != nullptr && i <= index.mask; ++i) {
    if (index.slots[i] == 0) continue;
    uint64_t to = rehash(index.slots[i] - 1) & (slots - 1);
    while (fresh[to] != 0) to = (to + 1) & (slots - 1);
    fresh[to] = index.slots[i];
  }
  if (index.slots != nullptr) {
    base::unmap_memory(index.slots, (index.mask + 1) * sizeof(uint32_t));
  }
  index.slots = fresh;
  index.mask = slots - 1;
  return true;
}

uint64_t mixed(uint64_t hash) { return hash ^ hash >> 29; }

uint64_t file_hash(const char* path) { return mixed(hash_of(path, 0xcbf29ce484222325)); }

uint64_t function_hash(const char* name, uint32_t file, uint32_t first_line) {
  const uint64_t place = (uint64_t{file} << 32 | first_line) * 0xd6e8feb86659fd93;
  return mixed(hash_of(name, place ^ place >> 32));
}

// False when there is no room.
bool number_of_file(const char* path, uint32_t* number) {
  if (!make_room(g_file_index, [](uint32_t n) { return file_hash(*g_files.find(n)); })) {
    return false;
  }
  uint64_t at = file_hash(path) & g_file_index.mask;
  for (; g_file_index.slots[at] != 0; at = (at + 1) & g_file_index.mask) {
    *number = g_file_index.slots[at] - 1;
    if (base::equal(*g_files.find(*number), path)) return true;
  }
  *number = g_file_count.load(std::memory_order_relaxed);
  const char** const file = g_files.ensure(*number);
  const char* const kept = file == nullptr ? nullptr : keep_text(path);
  if (kept == nullptr) return false;
  *file = kept;
  g_file_index.slots[at] = *number + 1;
  ++g_file_index.used;
  g_file_count.store(*number + 1, std::memory_order_release);
  return true;
}

uint32_t add_function(const char* name, uint32_t file, uint32_t first_line) {
  const uint32_t number = g_function_count.load(std::memory_order_relaxed);
  Function* const function = g_functions.ensure(number);
  const char* const kept = function == nullptr ? nullptr : keep_text(name);
  if (kept == nullptr) return kOtherFunctions;
  *function = Function{kept, file, first_line};
  g_function_count.store(number + 1, std::memory_order_release);
  return number;
}

uint32_t number_of_function(const char* name, const char* path, uint32_t first_line) {
  uint32_t file;
  if (g_function_count.load(std::memory_order_relaxed) == 0) {
    // Number 0 is none's.
    if (!number_of_file("", &file)) return kOtherFunctions;
    add_function("", file, 0);
    add_function("(other functions)", file, 0);
  }
  const auto rehash = [](uint32_t number) {
    const Function& function = *g_functions.find(number);
    return function_hash(function.name, function.file, function.first_line);
  };
  if (!number_of_file(path, &file) || !make_room(g_function_index, rehash)) return kOtherFunctions;
  uint64_t at = function_hash(name, file, first_line) & g_function_index.mask;
  for (; g_function_index.slots[at] != 0; at = (at + 1) & g_function_index.mask) {
    const uint32_t number = g_function_index.slots[at] - 1;
    const Function& known = *g_functions.find(number);
    if (known.file == file && known.first_line == first_line && base::equal(known.name, name)) {
      return number;
    }
  }
  const uint32_t number = add_function(name, file, first_line);
  if (number != kOtherFunctions) {
    g_function_index.slots[at] = number + 1;
    ++g_function_index.used;
  }
  return number;
}

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
  if (room > kTextBlock / 4) return static_cast<uint16_t*>(base::map_within_limit(room));
  if (static_cast<uint64_t>(g_lines_end - g_lines_next) < room) {
    auto* const block = static_cast<char*>(base::map_within_limit(kTextBlock));
    if (block == nullptr) return nullptr;
    g_lines_next = block;
    g_lines_end = block + kTextBlock;
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

bool grow(Table* old) {
  const uint32_t bits = old == nullptr ? kFirstBits : 64 - old->shift + 1;
  if (bits > kLastBits) return false;
  const uint64_t slots = uint64_t{1} << bits;
  auto* const table =
      static_cast<Table*>(base::map_within_limit(sizeof(Table) + slots * sizeof(Entry)));
  if (table == nullptr) return false;
  table->mask = slots - 1;
  table->shift = 64 - bits;
  for (uint64_t i = 0; old != nullptr && i <= old->mask; ++i) {
    const Entry& from = old->entries[i];
    const uint64_t code = from.code.load(std::memory_order_relaxed);
    const uint32_t function = from.function.load(std::memory_order_relaxed);
    if (function == 0) continue;
    uint64_t to = hash_of(code) >> table->shift;
    while (table->entries[to].code.load(std::memory_order_relaxed) != 0) to = (to + 1) & table->mask;
    Entry& entry = table->entries[to];
    entry.instructions = from.instructions;
    entry.lines = from.lines;
    entry.first_line = from.first_line;
    entry.size_class = from.size_class;
    entry.function.store(function, std::memory_order_relaxed);
    entry.code.store(code, std::memory_order_relaxed);
    ++table->used;
  }
  g_table.store(table, std::memory_order_release);  // the old one is left to its readers
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
  const base::SpinGuard guard(g_lock);
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
  entry->function.store(number_of_function(name, path, entry->first_line),
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
    if (entry == nullptr) return Place{kOtherFunctions, 0};
  }
  const uint32_t function = entry->function.load(std::memory_order_relaxed);
  // Before the first instruction: the function is being entered.
  const uint64_t index = (instruction - (code + kCodeInstructions)) / kInstructionBytes;
  if (index >= entry->instructions) return Place{function, entry->first_line};
  const uint16_t kept = entry->lines[index];
  if (kept == 0) return Place{function, entry->first_line};
  return Place{function, static_cast<uint32_t>(entry->first_line + kept - kLineShift)};
}

void forget_code(uint64_t code) {
  const Entry* const known = slot_of(g_table.load(std::memory_order_acquire), code);
  if (known == nullptr || known->code.load(std::memory_order_relaxed) != code) return;
  const base::SpinGuard guard(g_lock);
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

uint32_t function_count() { return g_function_count.load(std::memory_order_acquire); }
const Function& function_at(uint32_t number) { return g_functions[number]; }
uint32_t file_count() { return g_file_count.load(std::memory_order_acquire); }
const char* file_at(uint32_t number) { return g_files[number]; }

void copy_text(uint64_t text, char* buffer, size_t size) {
  const auto state = field<uint32_t>(text, kTextState);
  const uint32_t width = state >> 2 & 7;
  const bool compact = (state >> 5 & 1) != 0;
  const bool ascii = (state >> 6 & 1) != 0;
  const auto length = field<int64_t>(text, kTextLength);
  size_t used = 0;
  if (!compact || (width != 1 && width != 2 && width != 4)) {
    base::TextWriter(buffer, size).add('?');
    return;
  }
  const uint64_t data = text + (ascii ? kTextAsciiData : kTextData);
  for (int64_t i = 0; i < length && used + 5 <= size; ++i) {
    const uint64_t at = static_cast<uint64_t>(i) * width;
    const uint32_t c = width == 1   ? field<uint8_t>(data, at)
                       : width == 2 ? field<uint16_t>(data, at)
                                    : field<uint32_t>(data, at);
    const auto put = [&](uint32_t byte) { buffer[used++] = static_cast<char>(byte); };
    if (c == 0) {
      put('?');
    } else if (c < 0x80) {
      put(c);
    } else if (c < 0x800) {
      put(0xc0 | c >> 6);
      put(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
      put(0xe0 | c >> 12);
      put(0x80 | (c >> 6 & 0x3f));
      put(0x80 | (c & 0x3f));
    } else {
      put(0xf0 | (c >> 18 & 7));
      put(0x80 | (c >> 12 & 0x3f));
      put(0x80 | (c >> 6 & 0x3f));
      put(0x80 | (c & 0x3f));
    }
  }
  buffer[used] = '\0';
}

void lock_functions() { g_lock.lock(); }
void unlock_functions() { g_lock.unlock(); }

}  // namespace silt::python
