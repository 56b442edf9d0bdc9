// SPDX-License-Identifier: Apache-2.0
//
// One thread takes a snapshot after the other (SIGUSR2) while the main thread forks: no child may
// find descriptors that are not the program's. Prints how many did; arguments: how many forks, and
// `clone` for children made by the system call itself.

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int stopping;
static void* volatile kept;

static void* snapshots(void* nothing) {
  while (!stopping) raise(SIGUSR2);
  return nothing;
}

static int has_strangers(void) {
  int strangers = 0;
  for (int fd = 3; fd < 64; fd++) {
    char name[64], target[512];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    const ssize_t size = readlink(name, target, sizeof target - 1);
    if (size <= 0) continue;
    target[size] = 0;
    fprintf(stderr, "descriptor %d is %s\n", fd, target);
    strangers++;
  }
  return strangers;
}

int main(int count, char** arguments) {
  const int forks = count > 1 ? atoi(arguments[1]) : 100;
  const int clones = count > 2 && strcmp(arguments[2], "clone") == 0;
  for (int fd = 3; fd < 64; fd++) close(fd);
  for (int i = 0; i < 100000; i++) kept = malloc(16 + i % 512);
  pthread_t thread;
  if (pthread_create(&thread, NULL, snapshots, NULL) != 0) return 1;
  int found = 0;
  for (int i = 0; i < forks; i++) {
    const pid_t child = clones ? (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) : fork();
    if (child == 0) {
      if (clones) syscall(SYS_kill, getpid(), SIGUSR2);  // known to be another process from here on
      syscall(SYS_exit_group, has_strangers());
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0) found++;
  }
  stopping = 1;
  pthread_join(thread, NULL);
  printf("%d of %d children hold descriptors that are not theirs\n", found, forks);
  return found != 0;
}
