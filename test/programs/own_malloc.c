// SPDX-License-Identifier: Apache-2.0
//
// A program whose main binary contains its own malloc, as with a statically linked jemalloc: its
// calls never reach the interposer. The report has to say so. It maps its arena when it is called
// first, before any constructor and with its lock held, so whatever mmap's hook does then must not
// come back to it.

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include "test/programs/truth.h"

enum { kArenaSize = 8 << 20 };
static unsigned char* arena;
static size_t used;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void* malloc(size_t size) {
  pthread_mutex_lock(&lock);
  if (arena == NULL) {
    arena = mmap(NULL, kArenaSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    VICTIM_CHECK(arena != MAP_FAILED);
  }
  const size_t needed = ((size + 15) & ~(size_t)15) + 16;
  void* block = NULL;
  if (size < kArenaSize && used + needed <= kArenaSize) {
    *(size_t*)(arena + used) = size;
    block = arena + used + 16;
    used += needed;
  }
  pthread_mutex_unlock(&lock);
  return block;
}

void free(void* block) { VICTIM_KEEP(block); }

void* calloc(size_t count, size_t size) {
  unsigned char* block = malloc(count * size);
  for (size_t i = 0; block != NULL && i < count * size; ++i)
    ((volatile unsigned char*)block)[i] = 0;
  return block;
}

void* realloc(void* block, size_t size) {
  unsigned char* grown = malloc(size);
  if (grown == NULL || block == NULL) return grown;
  const size_t old = *(size_t*)((unsigned char*)block - 16);
  memcpy(grown, block, old < size ? old : size);
  return grown;
}

static void before_all_constructors(int count, char** arguments, char** environment) {
  (void)count, (void)arguments, (void)environment;
  VICTIM_CHECK(malloc(1) != NULL);
}

__attribute__((section(".preinit_array"),
               used)) static void (*const first)(int, char**, char**) = before_all_constructors;

int main(void) {
  for (int i = 0; i < 100; ++i) {
    void* block = malloc(3907);
    VICTIM_KEEP(block);
    VICTIM_CHECK((unsigned char*)block > arena && (unsigned char*)block < arena + kArenaSize);
  }
  ready("done");
  return 0;
}
