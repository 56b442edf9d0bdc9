// SPDX-License-Identifier: Apache-2.0
//
// errno belongs to the program: calls that succeed leave it alone, over many stacks and sizes, in
// new threads and while snapshots are taken; calls that fail set what they always set.

#include <pthread.h>
#include <stdint.h>

#include "test/programs/truth.h"

VICTIM_FRAME static void allocate_at(int depth, size_t size) {
  if (depth > 0) {
    allocate_at(depth - 1, size);
    VICTIM_STAY();
    return;
  }
  errno = 4242;
  char* block = malloc(size);
  VICTIM_CHECK(errno == 4242 && block != NULL);
  block[0] = 1;
  char* other = calloc(1, size);
  VICTIM_CHECK(errno == 4242 && other != NULL);
  block = realloc(block, size * 2);
  VICTIM_CHECK(errno == 4242 && block != NULL);
  free(block);
  VICTIM_CHECK(errno == 4242);
  free(other);
  VICTIM_CHECK(errno == 4242);
}

static void* work(void* unused) {
  for (int depth = 0; depth < 60; ++depth) {
    for (size_t size = 1; size < 70000; size = size * 3 + 1) allocate_at(depth, size);
  }
  return unused;
}

int main(void) {
  ready("start");
  for (int round = 0; round < 50; ++round) {
    pthread_t threads[4];
    for (int i = 0; i < 4; ++i) VICTIM_CHECK(pthread_create(&threads[i], NULL, work, NULL) == 0);
    for (int i = 0; i < 4; ++i) VICTIM_CHECK(pthread_join(threads[i], NULL) == 0);
  }
  volatile size_t huge = SIZE_MAX / 2;
  errno = 0;
  void* failed = malloc(huge);
  VICTIM_KEEP(failed);
  VICTIM_CHECK(failed == NULL && errno == ENOMEM);
  victim_say("errno kept\n", 11);
  return 0;
}
