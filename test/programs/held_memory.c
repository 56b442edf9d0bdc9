// SPDX-License-Identifier: Apache-2.0
//
// Memory of every kind that RSS is made of, in sizes that stand out: live blocks, blocks freed
// between live ones so that the allocator keeps their pages, a mapping, and a thread's stack.

#include <pthread.h>
#include <sys/mman.h>

#include "test/programs/truth.h"

enum { kBlocks = 100000, kSize = 480, kKeep = 64, kMapping = 24 << 20, kStack = 6 << 20 };

static pthread_barrier_t g_ready;
static pthread_barrier_t g_end;

static VICTIM_FRAME void* deep_thread(void* argument) {
  volatile char room[kStack];
  for (size_t i = 0; i < sizeof room; i += 4096) room[i] = 1;
  pthread_barrier_wait(&g_ready);
  pthread_barrier_wait(&g_end);
  room[0] = 2;
  return argument;
}

static VICTIM_FRAME void allocate_blocks(char** blocks) {
  for (size_t i = 0; i < kBlocks; ++i) {
    blocks[i] = malloc(kSize);
    VICTIM_CHECK(blocks[i] != NULL);
    memset(blocks[i], 1, kSize);
  }
}

// One in kKeep stays, so that hardly a page is empty.
static VICTIM_FRAME void free_most(char** blocks) {
  for (size_t i = 0; i < kBlocks; ++i) {
    if (i % kKeep != 0) free(blocks[i]);
  }
}

int main(void) {
  static char* blocks[kBlocks];
  allocate_blocks(blocks);
  pthread_barrier_init(&g_ready, NULL, 2);
  pthread_barrier_init(&g_end, NULL, 2);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStack + (1 << 20));
  pthread_t thread;
  VICTIM_CHECK(pthread_create(&thread, &attributes, deep_thread, NULL) == 0);
  pthread_barrier_wait(&g_ready);
  char* mapping =
      mmap(NULL, kMapping, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  VICTIM_CHECK(mapping != MAP_FAILED);
  memset(mapping, 1, kMapping / 2);
  ready("live");
  free_most(blocks);
  ready("freed");
  pthread_barrier_wait(&g_end);
  pthread_join(thread, NULL);
  return 0;
}
