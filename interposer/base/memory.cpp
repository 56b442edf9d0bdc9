// SPDX-License-Identifier: Apache-2.0
//
// See memory.h. Any context.

#include "interposer/base/memory.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "interposer/base/system_call.h"

namespace silt::base {
namespace {

constinit std::atomic<uint64_t> g_mapped_bytes{0};
constinit uint64_t g_limit_bytes = 0;

// A range is in one of so many places behind its hash.
constexpr size_t kProbes = 32;

MappedRange& place_of(uint64_t start, size_t probe) {
  const size_t hash = (start / kPageSize * 0x9e3779b97f4a7c15) >> 40;
  return mapped_ranges[(hash + probe) % kMappedRanges];
}

void remember(uint64_t start, uint64_t size) {
  for (size_t probe = 0; probe < kProbes; ++probe) {
    MappedRange& range = place_of(start, probe);
    uint64_t unused = 0;
    if (!range.start.compare_exchange_strong(unused, start, std::memory_order_acq_rel,
                                             std::memory_order_relaxed)) {
      continue;
    }
    range.size.store(size, std::memory_order_release);
    return;
  }
}

void forget(uint64_t start) {
  for (size_t probe = 0; probe < kProbes; ++probe) {
    MappedRange& range = place_of(start, probe);
    if (range.start.load(std::memory_order_relaxed) != start) continue;
    range.size.store(0, std::memory_order_relaxed);
    range.start.store(0, std::memory_order_release);
    return;
  }
}

// A page of a mapping that is not locked; 0: there is none, or somebody has it in hand.
constinit std::atomic<uint64_t> g_unlocked_page{0};

long map_pages(size_t size_bytes, int more_flags) {
  return system_call(SYS_mmap, 0, static_cast<long>(size_bytes), PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | more_flags, -1, 0);
}

// [page][size_bytes]: the page moves, grown by what is wanted, as it is itself: not locked.
long grow_unlocked_page(uint64_t page, size_t size_bytes, bool populate) {
  constexpr long kPopulateWrite = 23;  // MADV_POPULATE_WRITE, Linux 5.14
  const size_t whole = page_up(size_bytes);
  const long grown =
      system_call(SYS_mremap, static_cast<long>(page), static_cast<long>(page_size()),
                  static_cast<long>(page_size() + whole), MREMAP_MAYMOVE);
  const uint64_t left = is_error(grown) ? page : static_cast<uint64_t>(grown);
  if (left != page) {
    forget(page);
    remember(left, page_size());
  }
  g_unlocked_page.store(left, std::memory_order_release);
  if (is_error(grown)) return grown;
  const long memory = grown + static_cast<long>(page_size());
  if (populate) system_call(SYS_madvise, memory, static_cast<long>(whole), kPopulateWrite);
  return memory;
}

void* map(size_t size_bytes, int more_flags) {
  uint64_t page = g_unlocked_page.load(std::memory_order_relaxed);
  if (page != 0) [[unlikely]]
    page = g_unlocked_page.exchange(0, std::memory_order_acquire);
  const long result = page != 0
                          ? grow_unlocked_page(page, size_bytes, (more_flags & MAP_POPULATE) != 0)
                          : map_pages(size_bytes, more_flags);
  if (is_error(result)) return nullptr;
  g_mapped_bytes.fetch_add(size_bytes, std::memory_order_relaxed);
  remember(static_cast<uint64_t>(result), size_bytes);
  return reinterpret_cast<void*>(result);
}

}  // namespace

constinit MappedRange mapped_ranges[kMappedRanges]{};

void* map_memory(size_t size_bytes) { return map(size_bytes, 0); }

void* map_populated_memory(size_t size_bytes) { return map(size_bytes, MAP_POPULATE); }

void keep_memory_unlocked() {
  if (g_unlocked_page.load(std::memory_order_relaxed) != 0) return;
  const long page = map_pages(page_size(), 0);
  if (is_error(page)) return;
  // Known as silt's: if it were locked with the program's, what is grown from it would be.
  remember(static_cast<uint64_t>(page), page_size());
  g_unlocked_page.store(static_cast<uint64_t>(page), std::memory_order_release);
}

bool keeps_memory_unlocked() { return g_unlocked_page.load(std::memory_order_relaxed) != 0; }

void note_mapping(uint64_t start, uint64_t size) { remember(start, size); }

void count_mapped(int64_t bytes) {
  g_mapped_bytes.fetch_add(static_cast<uint64_t>(bytes), std::memory_order_relaxed);
}

void unmap_memory(void* address, size_t size_bytes) {
  forget(reinterpret_cast<uint64_t>(address));
#ifdef __SANITIZE_THREAD__
  // ThreadSanitizer has to know, for whole pages, or what comes to lie here next would race with
  // what was here.
  munmap(address, page_up(size_bytes));
#else
  system_call(SYS_munmap, reinterpret_cast<long>(address), static_cast<long>(size_bytes));
#endif
  g_mapped_bytes.fetch_sub(size_bytes, std::memory_order_relaxed);
}

void release_pages(void* address, size_t size_bytes) {
  const uint64_t start = (reinterpret_cast<uint64_t>(address) + kPageSize - 1) & ~(kPageSize - 1);
  const uint64_t end = (reinterpret_cast<uint64_t>(address) + size_bytes) & ~(kPageSize - 1);
  if (start >= end) return;
  if (black_box.holds(reinterpret_cast<void*>(start))) [[unlikely]] {
    __builtin_memset(reinterpret_cast<void*>(start), 0, end - start);
    return;
  }
  uint64_t begin_of_pages = start;
  uint64_t end_of_pages = end;
  if constexpr (arch::kLargestPageSize != kPageSize) {
    begin_of_pages = page_up(start);
    end_of_pages = page_down(end);
    if (begin_of_pages >= end_of_pages) begin_of_pages = end_of_pages = end;
    __builtin_memset(reinterpret_cast<void*>(start), 0, begin_of_pages - start);
    __builtin_memset(reinterpret_cast<void*>(end_of_pages), 0, end - end_of_pages);
    if (begin_of_pages == end_of_pages) return;
  }
  system_call(SYS_madvise, static_cast<long>(begin_of_pages),
              static_cast<long>(end_of_pages - begin_of_pages), MADV_DONTNEED);
}

void set_memory_limit(uint64_t bytes) { g_limit_bytes = bytes; }

bool fits_memory_limit(size_t more_bytes) {
  return g_limit_bytes == 0 || mapped_bytes() + more_bytes <= g_limit_bytes;
}

void* map_within_limit(size_t size_bytes) {
  return fits_memory_limit(size_bytes) ? map_memory(size_bytes) : nullptr;
}

bool exact_recording_fits(size_t more_bytes) {
  return g_limit_bytes == 0 || mapped_bytes() + more_bytes <= g_limit_bytes / 8 * 7;
}

long read_memory(uint64_t address, void* into, size_t size_bytes) {
  iovec to{into, size_bytes};
  iovec from{reinterpret_cast<void*>(address), size_bytes};
  const long result =
      system_call(SYS_process_vm_readv, system_call(SYS_getpid), reinterpret_cast<long>(&to), 1,
                  reinterpret_cast<long>(&from), 1, 0);
  if (result < 0) return result;
  return result == static_cast<long>(size_bytes) ? 0 : -EFAULT;
}

uint64_t mapped_bytes() { return g_mapped_bytes.load(std::memory_order_relaxed); }

}  // namespace silt::base
