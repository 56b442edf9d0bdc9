// SPDX-License-Identifier: Apache-2.0
//
// Threads that are neither joined nor detached: glibc keeps each one's stack and thread vector.
//
// truth: leak thread

#include <pthread.h>

#include "test/corpus/rounds.h"

static void* task(void* argument) { return argument; }

SILT_NOINLINE static int start(const pthread_attr_t* attributes) {
  pthread_t thread;
  const int status = pthread_create(&thread, attributes, task, NULL);  // LEAK: thread
  keep(&thread);
  return status;
}

int main(void) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 64 * 1024);
  for (int round = 0; round < 9; round++) {
    for (int i = 0; i < 16; i++) {
      if (start(&attributes) != 0) return 1;
      pace(i, 16);
    }
    take_snapshot();
  }
  pthread_attr_destroy(&attributes);
  return 0;
}
