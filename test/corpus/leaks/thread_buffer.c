// SPDX-License-Identifier: Apache-2.0
//
// A thread for each task; each makes a buffer that it does not free when it ends.
//
// truth: leak buffer

#include <pthread.h>

#include "test/corpus/rounds.h"

SILT_NOINLINE static void* task(void* argument) {
  char* buffer = malloc(300);  // LEAK: buffer
  memset(buffer, 'b', 300);
  keep(buffer);
  return argument;
}

int main(void) {
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 16; i++) {
      pthread_t threads[2];
      for (int t = 0; t < 2; t++) {
        if (pthread_create(&threads[t], NULL, task, NULL) != 0) return 1;
      }
      for (int t = 0; t < 2; t++) pthread_join(threads[t], NULL);
      pace(i, 16);
    }
    take_snapshot();
  }
  return 0;
}
