// SPDX-License-Identifier: Apache-2.0
//
// See early_heap.h. glibc tells how much of its heap is free at the end of it (`keepcost`).

#include "interposer/owners/early_heap.h"

#include <dlfcn.h>
#include <sys/syscall.h>

#include <cstddef>

#include "interposer/base/old_symbols.h"
#include "interposer/base/system_call.h"

namespace silt::owners {
namespace {

// struct mallinfo2 of malloc.h, which is newer than the oldest glibc: ten size_t, the last is
// keepcost. That of mallinfo has ten int.
template <typename Number>
struct MallocInfo {
  Number others[9];
  Number keepcost;
};

constinit uint64_t g_end = 0;

template <typename Number>
bool read_keepcost(const char* symbol, uint64_t* keepcost) {
  const auto read = reinterpret_cast<MallocInfo<Number> (*)()>(dlsym(RTLD_NEXT, symbol));
  if (read == nullptr) return false;
  *keepcost = static_cast<uint64_t>(read().keepcost);
  return true;
}

}  // namespace

void note_early_heap() {
  uint64_t keepcost = 0;
  if (!read_keepcost<size_t>("mallinfo2", &keepcost) &&
      !read_keepcost<int>("mallinfo", &keepcost)) {
    dlerror();
    return;
  }
  const auto end = static_cast<uint64_t>(base::system_call(SYS_brk, 0));
  g_end = end > keepcost ? end - keepcost : 0;
}

uint64_t early_heap_end() { return g_end; }

}  // namespace silt::owners
