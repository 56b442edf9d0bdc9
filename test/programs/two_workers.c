// SPDX-License-Identifier: Apache-2.0
//
// A pre-fork server without a network: two workers do the same work, one of them keeps what it
// should free. Ends on SIGTERM, workers too.

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t stopping;
static void on_stop(int signal) {
  (void)signal;
  stopping = 1;
}

static char* volatile kept;

__attribute__((noinline)) static void handle_request(int keeps) {
  char* request = malloc(400);
  memset(request, 'r', 400);
  kept = request;
  if (!keeps) free(request);
}

static void work(int keeps) {
  const struct timespec pause = {0, 2000000};
  while (!stopping) {
    handle_request(keeps);
    nanosleep(&pause, NULL);
  }
  _exit(0);
}

int main(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_stop;
  sigaction(SIGTERM, &action, NULL);
  pid_t workers[2];
  for (int i = 0; i < 2; i++) {
    workers[i] = fork();
    if (workers[i] < 0) return 1;
    if (workers[i] == 0) work(i);
  }
  while (!stopping) pause();
  for (int i = 0; i < 2; i++) kill(workers[i], SIGTERM);
  for (int i = 0; i < 2; i++) {
    while (waitpid(workers[i], NULL, 0) < 0) {
    }
  }
  return 0;
}
