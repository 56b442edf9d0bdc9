// SPDX-License-Identifier: Apache-2.0
//
// Becomes user and group 65534 as daemons do, and allocates afterwards. Each line of input is a
// step. Arguments, in any order:
//   early       takes a snapshot (SIGUSR2) before it gives up root
//   root=DIR    changes its root directory to DIR before that
//   silent      then blocks all signals and allocates nothing, so that nobody can ask it
//   worker      a child does all this, while the parent stays as it is, until it gets SIGTERM

#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const gid_t kNobody = 65534;
static void* volatile kept;

__attribute__((noinline)) static void leak_as_nobody(void) { kept = malloc(733); }

static pid_t worker;
static void end(int signal) {
  (void)signal;
  kill(worker, SIGKILL);
  _exit(0);
}

static int live(int count, char** arguments) {
  int silent = 0;
  const char* root = NULL;
  for (int i = 1; i < count; i++) {
    if (strcmp(arguments[i], "early") == 0) raise(SIGUSR2);
    if (strcmp(arguments[i], "silent") == 0) silent = 1;
    if (strncmp(arguments[i], "root=", 5) == 0) root = arguments[i] + 5;
  }
  if (root != NULL && (chroot(root) != 0 || chdir("/") != 0)) return 2;
  if (setgroups(0, NULL) != 0 || setgid(kNobody) != 0 || setuid(kNobody) != 0) return 3;
  if (silent) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    for (;;) pause();
  }
  char line[64];
  if (worker == 0) {
    for (;;) {
      leak_as_nobody();
      usleep(2000);
    }
  }
  puts("ready dropped");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin) != NULL) {
    for (int i = 0; i < 10; i++) leak_as_nobody();
    puts("ready step");
    fflush(stdout);
  }
  return 0;
}

int main(int count, char** arguments) {
  worker = 1;
  for (int i = 1; i < count; i++) {
    if (strcmp(arguments[i], "worker") == 0) worker = 0;
  }
  if (worker != 0) return live(count, arguments);
  worker = fork();
  if (worker < 0) return 1;
  if (worker == 0) return live(count, arguments);
  signal(SIGTERM, end);
  for (;;) {
    free(malloc(10));
    usleep(10000);
  }
}
