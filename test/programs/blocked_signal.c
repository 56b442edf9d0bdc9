// SPDX-License-Identifier: Apache-2.0
//
// Blocks every signal in every thread: no snapshot can be taken by signal, and `silt dump` has to
// say so instead of waiting. With the argument `main-only` one thread leaves the signal open.

#include <pthread.h>
#include <signal.h>

#include "test/programs/truth.h"

static int release_pipe[2];

static void* wait_with_signal_open(void* unused) {
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, NULL);
  victim_say("open\n", 5);
  char c = 0;
  while (read(release_pipe[0], &c, 1) < 0 && errno == EINTR) {
  }
  return unused;
}

int main(int argc, char** argv) {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, NULL);
  void* block = malloc(3803);
  VICTIM_KEEP(block);
  pthread_t thread;
  const int with_open_thread = argc > 1 && strcmp(argv[1], "main-only") == 0;
  if (with_open_thread) {
    VICTIM_CHECK(pipe(release_pipe) == 0);
    VICTIM_CHECK(pthread_create(&thread, NULL, wait_with_signal_open, NULL) == 0);
  }
  ready("blocked");
  if (with_open_thread) {
    VICTIM_CHECK(write(release_pipe[1], "", 1) == 1);
    pthread_join(thread, NULL);
  }
  return 0;
}
