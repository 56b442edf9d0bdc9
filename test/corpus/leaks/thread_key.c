// SPDX-License-Identifier: Apache-2.0
//
// Thread-specific data whose key was made without a destructor: each ended thread leaves its own.
//
// truth: leak context

#include <pthread.h>

#include "test/corpus/rounds.h"

struct Context {
  int uses;
  char name[120];
};

static pthread_key_t context_key;

SILT_NOINLINE static struct Context* context(void) {
  struct Context* mine = pthread_getspecific(context_key);
  if (mine == NULL) {
    mine = calloc(1, sizeof *mine);  // LEAK: context
    pthread_setspecific(context_key, mine);
  }
  mine->uses++;
  return mine;
}

static void* task(void* argument) {
  for (int i = 0; i < 20; i++) snprintf(context()->name, 120, "use %d", i);
  return argument;
}

int main(void) {
  if (pthread_key_create(&context_key, NULL) != 0) return 1;
  for (int round = 0; round < 8; round++) {
    for (int i = 0; i < 24; i++) {
      pthread_t thread;
      if (pthread_create(&thread, NULL, task, NULL) != 0) return 1;
      pthread_join(thread, NULL);
      pace(i, 24);
    }
    take_snapshot();
  }
  return 0;
}
