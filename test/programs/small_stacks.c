// SPDX-License-Identifier: Apache-2.0
//
// Threads with the smallest stacks the system allows, and signals on the smallest alternate stack:
// what silt needs of a stack inside a hook and inside its signal handler must fit beside the
// program's own.

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/auxv.h>

#include "test/programs/truth.h"

VICTIM_FRAME static void leak_on_small_stack(void) {
  void* block = malloc(4327);
  VICTIM_KEEP(block);
}

static void* work(void* unused) {
  for (int i = 0; i < 50; ++i) leak_on_small_stack();
  return unused;
}

static volatile sig_atomic_t handled;
static void on_signal(int signal_number) { handled += signal_number == SIGUSR1; }

int main(void) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  VICTIM_CHECK(pthread_attr_setstacksize(&attributes, (size_t)PTHREAD_STACK_MIN) == 0);
  for (int i = 0; i < 10; ++i) {
    pthread_t thread;
    VICTIM_CHECK(pthread_create(&thread, &attributes, work, NULL) == 0);
    VICTIM_CHECK(pthread_join(thread, NULL) == 0);
  }
  static char memory[65536];
  const stack_t alternate = {.ss_sp = memory, .ss_size = getauxval(AT_MINSIGSTKSZ) + 2048};
  VICTIM_CHECK(sigaltstack(&alternate, NULL) == 0);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_signal;
  action.sa_flags = SA_ONSTACK;
  sigaction(SIGUSR1, &action, NULL);
  raise(SIGUSR1);
  VICTIM_CHECK(handled == 1);
  expect_blocks("leak_on_small_stack", 500, 4327, 0);
  ready("done");
  return 0;
}
