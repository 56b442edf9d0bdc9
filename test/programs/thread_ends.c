// SPDX-License-Identifier: Apache-2.0
//
// Threads whose last call of all is libc's own: it frees the text of strerror after the last
// destructor of the thread's data has run. What silt keeps for a thread must have been given back,
// so that a program with many short threads does not grow.

#include <pthread.h>

#include "test/programs/truth.h"

static void* fail(void* unused) {
  VICTIM_KEEP(strerror(54321));
  return unused;
}

static void run_threads(int count) {
  for (int i = 0; i < count; ++i) {
    pthread_t thread;
    VICTIM_CHECK(pthread_create(&thread, NULL, fail, NULL) == 0);
    VICTIM_CHECK(pthread_join(thread, NULL) == 0);
  }
}

static long address_space_pages(void) {
  long pages = 0;
  FILE* const file = fopen("/proc/self/statm", "r");
  VICTIM_CHECK(file != NULL && fscanf(file, "%ld", &pages) == 1);
  fclose(file);
  return pages;
}

int main(void) {
  run_threads(10);
  const long before = address_space_pages();
  run_threads(200);
  VICTIM_CHECK(address_space_pages() - before < 4096);
  ready("done");
  return 0;
}
