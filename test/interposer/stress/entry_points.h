// SPDX-License-Identifier: Apache-2.0
//
// The entry points that the stress program allocates through, and one function for each, by whose
// name silt's report is compared with the program's own books. For one source file only.

#ifndef SILT_TEST_INTERPOSER_STRESS_ENTRY_POINTS_H_
#define SILT_TEST_INTERPOSER_STRESS_ENTRY_POINTS_H_

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>

#include "test/programs/truth.h"

namespace {

#define STRESS_ENTRY_POINTS(X)                                                         \
  X(malloc)                                                                            \
  X(calloc)                                                                            \
  X(realloc)                                                                           \
  X(reallocarray)                                                                      \
  X(posix_memalign)                                                                    \
  X(aligned_alloc) X(memalign) X(valloc) X(pvalloc) X(new) X(new_array) X(new_nothrow) \
      X(new_array_nothrow) X(new_aligned) X(new_array_aligned) X(new_aligned_nothrow)  \
          X(new_array_aligned_nothrow) X(strndup) X(mmap) X(mremap)

enum Entry {
#define STRESS_ENUM(name) k_##name,
  STRESS_ENTRY_POINTS(STRESS_ENUM)
#undef STRESS_ENUM
      kEntries
};
constexpr const char* kFunctions[] = {
#define STRESS_NAME(name) "by_" #name,
    STRESS_ENTRY_POINTS(STRESS_NAME)
#undef STRESS_NAME
};

constexpr auto kAlignment = std::align_val_t{256};

char letters[600'000];

VICTIM_FRAME void* by_malloc(size_t size) {
  void* const block = malloc(size);
  VICTIM_KEEP(block);
  return block;
}
VICTIM_FRAME void* by_calloc(size_t size) {
  void* const block = calloc(size, 1);
  VICTIM_KEEP(block);
  return block;
}
VICTIM_FRAME void* by_realloc(void* old, size_t size) {
  void* const block = realloc(old, size);
  VICTIM_KEEP(block);
  return block;
}
VICTIM_FRAME void* by_reallocarray(void* old, size_t size) {
  void* const block = reallocarray(old, size, 1);
  VICTIM_KEEP(block);
  return block;
}
VICTIM_FRAME void* by_posix_memalign(size_t size) {
  void* block = nullptr;
  VICTIM_CHECK(posix_memalign(&block, 128, size) == 0);
  VICTIM_KEEP(block);
  return block;
}
VICTIM_FRAME void* by_aligned_alloc(size_t size) {
  void* const block = aligned_alloc(64, size);
  VICTIM_KEEP(block);
  return block;
}
extern "C" void* memalign(size_t, size_t);
extern "C" void* pvalloc(size_t);
VICTIM_FRAME void* by_memalign(size_t size) {
  void* const block = memalign(32, size);
  VICTIM_KEEP(block);
  return block;
}
VICTIM_FRAME void* by_valloc(size_t size) {
  void* const block = valloc(size);
  VICTIM_KEEP(block);
  return block;
}
VICTIM_FRAME void* by_pvalloc(size_t size) {
  void* const block = pvalloc(size);
  VICTIM_KEEP(block);
  return block;
}
VICTIM_FRAME void* by_new(size_t size) {
  void* const block = ::operator new(size);
  VICTIM_KEEP(block);
  return block;
}
VICTIM_FRAME void* by_new_array(size_t size) {
  void* const block = ::operator new[](size);
  VICTIM_KEEP(block);
  return block;
}
VICTIM_FRAME void* by_new_nothrow(size_t size) {
  void* const block = ::operator new(size, std::nothrow);
  VICTIM_KEEP(block);
  return block;
}
VICTIM_FRAME void* by_new_aligned(size_t size) {
  void* const block = ::operator new(size, kAlignment);
  VICTIM_KEEP(block);
  return block;
}
VICTIM_FRAME void* by_new_array_aligned(size_t size) {
  void* const block = ::operator new[](size, kAlignment);
  VICTIM_KEEP(block);
  return block;
}
VICTIM_FRAME void* by_new_array_nothrow(size_t size) {
  void* const block = ::operator new[](size, std::nothrow);
  VICTIM_KEEP(block);
  return block;
}
VICTIM_FRAME void* by_new_aligned_nothrow(size_t size) {
  void* const block = ::operator new(size, kAlignment, std::nothrow);
  VICTIM_KEEP(block);
  return block;
}
VICTIM_FRAME void* by_new_array_aligned_nothrow(size_t size) {
  void* const block = ::operator new[](size, kAlignment, std::nothrow);
  VICTIM_KEEP(block);
  return block;
}
// `size` counts the NUL.
VICTIM_FRAME void* by_strndup(size_t size) {
  void* const block = strndup(letters, size - 1);
  VICTIM_KEEP(block);
  return block;
}
VICTIM_FRAME void* by_mmap(size_t size) {
  void* const block =
      mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  VICTIM_CHECK(block != MAP_FAILED);
  VICTIM_KEEP(block);
  return block;
}
VICTIM_FRAME void* by_mremap(void* old, size_t old_size, size_t size) {
  void* const block = mremap(old, old_size, size, MREMAP_MAYMOVE);
  VICTIM_CHECK(block != MAP_FAILED);
  VICTIM_KEEP(block);
  return block;
}

}  // namespace

#endif  // SILT_TEST_INTERPOSER_STRESS_ENTRY_POINTS_H_
