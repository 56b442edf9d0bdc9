// SPDX-License-Identifier: Apache-2.0
//
// A server that forks one worker; the worker leaks, the parent only waits.
//
// truth: leak job

#include <sys/wait.h>

#include "test/corpus/rounds.h"

SILT_NOINLINE static void run_job(int id) {
  char* job = malloc(96);  // LEAK: job
  snprintf(job, 96, "job %d", id);
  keep(job);
}

int main(void) {
  char* settings = malloc(4096);
  memset(settings, 's', 4096);
  keep(settings);
  const pid_t worker = fork();
  if (worker < 0) return 1;
  if (worker == 0) {
    for (int round = 0; round < 9; round++) {
      for (int i = 0; i < 160; i++) {
        run_job(i);
        pace(i, 160);
      }
      take_snapshot();
    }
    _exit(0);
  }
  int status = 0;
  while (waitpid(worker, &status, 0) < 0) {
  }
  free(settings);
  return status != 0;
}
