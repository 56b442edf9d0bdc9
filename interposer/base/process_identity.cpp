// SPDX-License-Identifier: Apache-2.0
//
// See process_identity.h. Any context.

#include "interposer/base/process_identity.h"

#include <sys/mman.h>
#include <sys/syscall.h>

#include <atomic>

#include "interposer/base/memory.h"
#include "interposer/base/open_files.h"
#include "interposer/base/system_call.h"

namespace silt::base {
namespace {

constinit std::atomic<int32_t> g_process{0};
constinit std::atomic<uint32_t> g_number{1};
// One word in a page that reads as zero in every copy of the process; nullptr: cannot be told.
constinit std::atomic<std::atomic<uint32_t>*> g_own{nullptr};

std::atomic<uint32_t>* make_own_page() {
  void* const page = map_memory(page_size());
  if (page == nullptr) return nullptr;
  if (system_call(SYS_madvise, reinterpret_cast<long>(page), static_cast<long>(page_size()),
                  MADV_WIPEONFORK) != 0) {
    unmap_memory(page, page_size());
    return nullptr;
  }
  return static_cast<std::atomic<uint32_t>*>(page);
}

int32_t process_id() { return static_cast<int32_t>(system_call(SYS_getpid)); }

}  // namespace

void remember_process() {
  if (g_own.load(std::memory_order_relaxed) == nullptr) {
    g_own.store(make_own_page(), std::memory_order_relaxed);
  }
  std::atomic<uint32_t>* const own = g_own.load(std::memory_order_relaxed);
  if (own != nullptr) own->store(1, std::memory_order_relaxed);
  g_process.store(process_id(), std::memory_order_relaxed);
}

bool in_own_process() {
  const int32_t process = process_id();
  if (process == g_process.load(std::memory_order_relaxed)) return true;
  std::atomic<uint32_t>* const own = g_own.load(std::memory_order_relaxed);
  if (own == nullptr) return false;
  uint32_t wiped = 0;
  if (own->compare_exchange_strong(wiped, 1, std::memory_order_acq_rel)) {
    g_number.fetch_add(1, std::memory_order_acq_rel);
    g_process.store(process, std::memory_order_relaxed);
    close_files_of_parent(false);
    return true;
  }
  return process == g_process.load(std::memory_order_relaxed);
}

uint32_t process_number() { return g_number.load(std::memory_order_acquire); }

}  // namespace silt::base
