// SPDX-License-Identifier: Apache-2.0
//
// The first and the last moments of a process.
//
//   edges early       allocation, a mapping, a signal's handler before any constructor
//   edges detached    main returns while detached threads allocate, free and map
//   edges exit        main calls exit while they do
//   edges quick       main calls quick_exit while they do
//   edges handlers    functions registered with atexit allocate, and register more

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "test/programs/truth.h"

static void* early_block;
static void* early_mapping;

static void before_all_constructors(int count, char** arguments, char** environment) {
  (void)arguments, (void)environment;
  if (count < 2) return;
  early_block = malloc(5701);
  early_mapping = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  free(realloc(calloc(3, 7), 5000));
  signal(SIGUSR1, SIG_IGN);
}
__attribute__((section(".preinit_array"),
               used)) static void (*const first)(int, char**, char**) = before_all_constructors;

VICTIM_FRAME static void leak_at_edge(void) {
  void* block = malloc(5711);
  VICTIM_KEEP(block);
}

static atomic_int running;

static void* never_end(void* unused) {
  atomic_fetch_add(&running, 1);
  for (;;) {
    void* block = malloc(5717);
    VICTIM_KEEP(block = realloc(block, 57));
    free(block);
    void* const mapping = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(mapping, 4096);
  }
  return unused;
}

static void start_detached(void) {
  for (int i = 0; i < 4; ++i) {
    pthread_t thread;
    VICTIM_CHECK(pthread_create(&thread, NULL, never_end, NULL) == 0);
    VICTIM_CHECK(pthread_detach(thread) == 0);
  }
  while (atomic_load(&running) < 4) {
  }
}

static void last(void) {
  leak_at_edge();
  victim_say("last\n", 5);
}

static void before_last(void) {
  leak_at_edge();
  atexit(last);
}

static void quick_last(void) {
  leak_at_edge();
  victim_say("quick last\n", 11);
}

int main(int count, char** arguments) {
  const char* const way = count > 1 ? arguments[1] : "";
  if (strcmp(way, "early") == 0) {
    VICTIM_CHECK(early_block != NULL && early_mapping != MAP_FAILED);
    VICTIM_KEEP(early_block = realloc(early_block, 9000));
    free(early_block);
    VICTIM_CHECK(munmap(early_mapping, 8192) == 0);
  }
  for (int i = 0; i < 5; ++i) leak_at_edge();
  atexit(before_last);
  at_quick_exit(quick_last);
  const int with_threads =
      strcmp(way, "detached") == 0 || strcmp(way, "exit") == 0 || strcmp(way, "quick") == 0;
  if (with_threads) start_detached();
  if (strcmp(way, "exit") == 0) exit(6);
  if (strcmp(way, "quick") == 0) quick_exit(7);
  return 5;
}
