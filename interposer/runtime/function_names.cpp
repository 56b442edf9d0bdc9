// SPDX-License-Identifier: Apache-2.0
//
// See function_names.h. Hook context.

#include "interposer/runtime/function_names.h"

#include <atomic>

#include "interposer/base/memory.h"
#include "interposer/base/number_index.h"
#include "interposer/base/text.h"
#include "interposer/base/text_blocks.h"

namespace silt::runtime {

constinit base::SpinLock function_lock{};

namespace {

// Of names that a program can have silt keep: some ten times what a large one has.
constexpr size_t kMostText = size_t{64} << 20;

constinit base::ChunkedArray<Function, 1024, 4096> g_functions{};
constinit std::atomic<uint32_t> g_function_count{0};
constinit base::ChunkedArray<const char*, 1024, 1024> g_files{};
constinit std::atomic<uint32_t> g_file_count{0};

// Numbers of functions, or of files, by content.
using Index = base::NumberIndex;
constexpr uint64_t kFirstSlots = 1024;
constinit Index g_function_index{};
constinit Index g_file_index{};

using Texts = base::TextBlocks<base::map_within_limit>;
constinit Texts g_texts{};

uint64_t hash_of(const char* text, uint64_t hash) {
  for (; *text != '\0'; ++text) hash = (hash ^ static_cast<uint8_t>(*text)) * 0x100000001b3;
  return hash;
}

const char* keep_text(const char* text) {
  const size_t size = base::length(text) + 1;
  if (g_texts.mapped_bytes() + Texts::kBlockBytes > kMostText) return nullptr;
  char* const kept = g_texts.take(size);
  if (kept != nullptr) base::copy_bytes(kept, text, size);
  return kept;
}

uint64_t mixed(uint64_t hash) { return hash ^ hash >> 29; }

uint64_t file_hash(const char* path) { return mixed(hash_of(path, 0xcbf29ce484222325)); }

uint64_t function_hash(const Function& function) {
  const uint64_t place = (uint64_t{function.file} << 32 | function.first_line) * 0xd6e8feb86659fd93;
  return mixed(hash_of(function.name, place ^ place >> 32));
}

bool are_equal(const Function& a, const Function& b) {
  return base::equal(a.runtime, b.runtime) && a.file == b.file && a.first_line == b.first_line &&
         base::equal(a.name, b.name);
}

// False when there is no room.
bool number_of_file(const char* path, uint32_t* number) {
  if (!g_file_index.make_room(kFirstSlots,
                              [](uint32_t n) { return file_hash(*g_files.find(n)); })) {
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

uint32_t add_function(const Function& wanted) {
  const uint32_t number = g_function_count.load(std::memory_order_relaxed);
  Function* const function = g_functions.ensure(number);
  const char* const kept = function == nullptr ? nullptr : keep_text(wanted.name);
  if (kept == nullptr) return kOtherFunctions;
  *function = wanted;
  function->name = kept;
  g_function_count.store(number + 1, std::memory_order_release);
  return number;
}

}  // namespace

uint32_t number_of_function(const char* runtime, const char* name, const char* path,
                            uint32_t first_line) {
  uint32_t file;
  if (g_function_count.load(std::memory_order_relaxed) == 0) {
    // Number 0 is none's.
    if (!number_of_file("", &file)) return kOtherFunctions;
    add_function({"", "", file, 0});
    add_function({"", "(other functions)", file, 0});
  }
  const auto rehash = [](uint32_t number) { return function_hash(*g_functions.find(number)); };
  if (!number_of_file(path, &file) || !g_function_index.make_room(kFirstSlots, rehash))
    return kOtherFunctions;
  const Function wanted{runtime, name, file, first_line};
  uint64_t at = function_hash(wanted) & g_function_index.mask;
  for (; g_function_index.slots[at] != 0; at = (at + 1) & g_function_index.mask) {
    const uint32_t number = g_function_index.slots[at] - 1;
    if (are_equal(*g_functions.find(number), wanted)) return number;
  }
  const uint32_t number = add_function(wanted);
  if (number != kOtherFunctions) {
    g_function_index.slots[at] = number + 1;
    ++g_function_index.used;
  }
  return number;
}

uint32_t function_count() { return g_function_count.load(std::memory_order_acquire); }

uint64_t function_bytes() {
  const base::SpinGuard guard(function_lock);
  uint64_t bytes = g_texts.mapped_bytes() + uint64_t{function_count()} * sizeof(Function) +
                   uint64_t{file_count()} * sizeof(const char*);
  for (const Index* index : {&g_function_index, &g_file_index}) {
    if (index->slots != nullptr) bytes += (index->mask + 1) * sizeof(uint32_t);
  }
  return bytes;
}

const Function& function_at(uint32_t number) { return g_functions[number]; }
uint32_t file_count() { return g_file_count.load(std::memory_order_acquire); }
const char* file_at(uint32_t number) { return g_files[number]; }

}  // namespace silt::runtime
