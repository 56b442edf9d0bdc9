// SPDX-License-Identifier: Apache-2.0
//
// Which thread allocates: the main one, one named "importer", two named "pool", and one thread
// after the other without a name of its own. A round for each line that is read; each thread keeps
// what it makes, in sizes that no other call uses.

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define ROUNDS 64
static pthread_barrier_t begin, end;
static volatile int over;
static void* volatile kept;  // what was kept before is lost: it stays in use all the same

__attribute__((noinline)) static void keep_import(void) { kept = malloc(3001); }
// Of five in a round the main thread makes one, each thread of the pool two.
__attribute__((noinline)) static void keep_shared(void) { kept = malloc(2003); }
__attribute__((noinline)) static void keep_in_turn(void) { kept = malloc(1009); }

static void* import_rows(void* unused) {
  for (;;) {
    pthread_barrier_wait(&begin);
    if (over) return unused;
    keep_import();
    pthread_barrier_wait(&end);
  }
}

static void* serve(void* unused) {
  for (;;) {
    pthread_barrier_wait(&begin);
    if (over) return unused;
    for (int i = 0; i < 2; i++) keep_shared();
    pthread_barrier_wait(&end);
  }
}

static void* once(void* unused) {
  keep_in_turn();
  return unused;
}

int main(void) {
  pthread_t threads[3], short_one;
  pthread_barrier_init(&begin, NULL, 4);
  pthread_barrier_init(&end, NULL, 4);
  for (int i = 0; i < 3; i++) {
    if (pthread_create(&threads[i], NULL, i == 0 ? import_rows : serve, NULL) != 0) return 1;
    pthread_setname_np(threads[i], i == 0 ? "importer" : "pool");
  }
  char line[64];
  for (int round = 0; round < ROUNDS; round++) {
    pthread_barrier_wait(&begin);
    keep_shared();
    pthread_barrier_wait(&end);
    if (pthread_create(&short_one, NULL, once, NULL) != 0 || pthread_join(short_one, NULL) != 0)
      return 1;
    printf("ready round\n");
    fflush(stdout);
    if (fgets(line, sizeof line, stdin) == NULL) break;
  }
  over = 1;
  pthread_barrier_wait(&begin);
  for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
  return 0;
}
