// SPDX-License-Identifier: Apache-2.0
//
// A tree of processes: one parent, three children, two grandchildren of each. Every process leaks a
// number of blocks of its own after its fork, so that recordings cannot be confused; a thread keeps
// allocating in the parent while it forks. Exit status: the sum over the tree.

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "test/programs/truth.h"

static atomic_int stop;

static void* churn(void* unused) {
  while (!atomic_load(&stop)) {
    void* block = malloc(3511);
    VICTIM_KEEP(block);
    free(block);
  }
  return unused;
}

VICTIM_FRAME static void leak_in_parent(void) {
  void* block = malloc(3517);
  VICTIM_KEEP(block);
}

VICTIM_FRAME static void leak_in_child(void) {
  void* block = malloc(3527);
  VICTIM_KEEP(block);
}

VICTIM_FRAME static void leak_in_grandchild(void) {
  void* block = malloc(3529);
  VICTIM_KEEP(block);
}

static int wait_for_all(void) {
  int sum = 0;
  int status = 0;
  while (wait(&status) > 0) {
    VICTIM_CHECK(WIFEXITED(status));
    sum += WEXITSTATUS(status);
  }
  return sum;
}

static void child(int number) {
  for (int i = 0; i < 100; ++i) leak_in_child();
  for (int i = 0; i < 2; ++i) {
    const pid_t pid = fork();
    VICTIM_CHECK(pid >= 0);
    if (pid == 0) {
      for (int k = 0; k < 7; ++k) leak_in_grandchild();
      exit(1);
    }
  }
  exit(wait_for_all() + number);
}

int main(void) {
  pthread_t thread;
  VICTIM_CHECK(pthread_create(&thread, NULL, churn, NULL) == 0);
  for (int i = 0; i < 5; ++i) leak_in_parent();
  for (int i = 1; i <= 3; ++i) {
    const pid_t pid = fork();
    VICTIM_CHECK(pid >= 0);
    if (pid == 0) child(i);
  }
  const int sum = wait_for_all();
  atomic_store(&stop, 1);
  pthread_join(thread, NULL);
  VICTIM_CHECK(sum == 6 + 1 + 2 + 3);
  return sum;
}
