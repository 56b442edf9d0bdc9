// SPDX-License-Identifier: Apache-2.0
//
// An allocator for Python's raw domain (PyMem_SetAllocator) whose calls nothing that is preloaded
// sees: glibc's own names of malloc and its kin.

#include <stddef.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void __libc_free(void *address);

void *raw_malloc(void *context, size_t size) {
  (void)context;
  return __libc_malloc(size == 0 ? 1 : size);
}

void *raw_calloc(void *context, size_t count, size_t size) {
  (void)context;
  return __libc_calloc(count == 0 ? 1 : count, size == 0 ? 1 : size);
}

void *raw_realloc(void *context, void *old, size_t size) {
  (void)context;
  return __libc_realloc(old, size == 0 ? 1 : size);
}

void raw_free(void *context, void *address) {
  (void)context;
  __libc_free(address);
}
