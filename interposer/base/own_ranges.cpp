// SPDX-License-Identifier: Apache-2.0
//
// See own_ranges.h. Modules are listed in the order in which they were loaded. Normal context.

#include "interposer/base/own_ranges.h"

#include <link.h>

// Of this library, by the linker.
extern "C" {
extern const char silt_first_byte[] __asm__("__ehdr_start") __attribute__((visibility("hidden")));
extern const char silt_last_byte[] __asm__("_end") __attribute__((visibility("hidden")));
}

namespace silt::base {
namespace {

constinit size_t g_modules_before = 0;
constinit Range g_own_modules[kMostOwnModules]{};
constinit size_t g_own_module_count = 0;

int count_module(dl_phdr_info*, size_t, void* count) {
  ++*static_cast<size_t*>(count);
  return 0;
}

int take_later_module(dl_phdr_info* info, size_t, void* seen) {
  if ((*static_cast<size_t*>(seen))++ < g_modules_before) return 0;
  if (g_own_module_count == kMostOwnModules) return 1;
  Range range{UINT64_MAX, 0};
  for (unsigned i = 0; i < info->dlpi_phnum; ++i) {
    const auto& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD) continue;
    const uint64_t start = page_down(info->dlpi_addr + segment.p_vaddr);
    const uint64_t end = page_up(info->dlpi_addr + segment.p_vaddr + segment.p_memsz);
    if (start < range.start) range.start = start;
    if (end > range.end) range.end = end;
  }
  if (range.start < range.end) g_own_modules[g_own_module_count++] = range;
  return 0;
}

// Gaps that halve: thousands of ranges in a moment, without a recursion.
void sort(Range* ranges, size_t count) {
  for (size_t gap = count / 2; gap > 0; gap /= 2) {
    for (size_t i = gap; i < count; ++i) {
      const Range range = ranges[i];
      size_t to = i;
      for (; to >= gap && ranges[to - gap].start > range.start; to -= gap) {
        ranges[to] = ranges[to - gap];
      }
      ranges[to] = range;
    }
  }
}

}  // namespace

bool in_this_library(uint64_t address) {
  const auto first = reinterpret_cast<uint64_t>(silt_first_byte);
  return address - first < reinterpret_cast<uint64_t>(silt_last_byte) - first;
}

void begin_own_modules() {
  g_modules_before = 0;
  dl_iterate_phdr(count_module, &g_modules_before);
}

void end_own_modules() {
  size_t seen = 0;
  dl_iterate_phdr(take_later_module, &seen);
}

size_t own_ranges(Range* ranges) {
  size_t count = 0;
  ranges[count++] = {page_down(reinterpret_cast<uint64_t>(silt_first_byte)),
                     page_up(reinterpret_cast<uint64_t>(silt_last_byte))};
  for (size_t i = 0; i < g_own_module_count; ++i) ranges[count++] = g_own_modules[i];
  for (const MappedRange& mapped : mapped_ranges) {
    const uint64_t start = mapped.start.load(std::memory_order_acquire);
    const uint64_t size = mapped.size.load(std::memory_order_acquire);
    if (start != 0 && size != 0) ranges[count++] = {start, page_up(start + size)};
  }
  sort(ranges, count);
  return count;
}

}  // namespace silt::base
