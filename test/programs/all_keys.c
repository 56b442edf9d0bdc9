// SPDX-License-Identifier: Apache-2.0
//
// Takes every pthread key that it can have and says how many those were, and uses the last one from
// a thread that allocates: none may be missing because of who looks on.

#include <pthread.h>

#include "test/programs/truth.h"

static pthread_key_t keys[4096];
static int count;
static volatile int destroyed;

static void destroy(void* value) {
  free(value);
  destroyed = 1;
}

static void* use_last(void* unused) {
  void* const block = malloc(3319);
  VICTIM_CHECK(block != NULL && pthread_setspecific(keys[count - 1], block) == 0);
  return unused;
}

int main(void) {
  while (count < 4096 && pthread_key_create(&keys[count], destroy) == 0) ++count;
  pthread_t thread;
  VICTIM_CHECK(pthread_create(&thread, NULL, use_last, NULL) == 0);
  VICTIM_CHECK(pthread_join(thread, NULL) == 0);
  VICTIM_CHECK(destroyed);
  printf("keys %d\n", count);
  return 0;
}
