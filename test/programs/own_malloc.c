// SPDX-License-Identifier: Apache-2.0
//
// A program whose main binary contains its own malloc, as with a statically linked jemalloc: its
// calls never reach the interposer. The report has to say so.

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "test/programs/truth.h"

static _Alignas(16) unsigned char arena[8 << 20];
static size_t used;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void* malloc(size_t size) {
  pthread_mutex_lock(&lock);
  const size_t needed = ((size + 15) & ~(size_t)15) + 16;
  void* block = NULL;
  if (size < sizeof arena && used + needed <= sizeof arena) {
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

int main(void) {
  for (int i = 0; i < 100; ++i) {
    void* block = malloc(3907);
    VICTIM_KEEP(block);
    VICTIM_CHECK((unsigned char*)block > arena && (unsigned char*)block < arena + sizeof arena);
  }
  ready("done");
  return 0;
}
